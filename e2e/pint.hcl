# What pint is not asked of which rule, and why. Everything else that it finds, down to mere information, fails the tests.

rule {
  match {
    name = "TodoReplicasMissing"
  }
  # It is of Deployments or of StatefulSets, and names whichever of the two labels there is; the other is empty text.
  disable = ["alerts/template"]
}

rule {
  match {
    name = "TodoDeadLetters"
  }
  # It tells of entries that came in the last 15 minutes: to wait before it fires is to miss them. After a restart of
  # Prometheus it is silent rather than wrong, for it wants the exporter to have answered 15 minutes ago, too.
  disable = ["promql/fragile"]
}

rule {
  match {
    name = "todo:sli_error:ratio_rate30d"
  }
  # It sums hours over thirty days and is evaluated less often than these are recorded, in a group of its own: that the last of
  # the hours may be one evaluation old changes nothing.
  disable = ["rule/dependency"]
}
