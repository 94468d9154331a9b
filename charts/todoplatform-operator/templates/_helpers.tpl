{{- define "todoplatform-operator.name" -}}
todoplatform-operator
{{- end }}

{{/* Full name of the objects: the release's, with the chart's unless it is in there already. */}}
{{- define "todoplatform-operator.fullname" -}}
{{- $name := include "todoplatform-operator.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- define "todoplatform-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "todoplatform-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "todoplatform-operator.labels" -}}
{{ include "todoplatform-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: operator
app.kubernetes.io/part-of: todoplatform
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "todoplatform-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "todoplatform-operator.fullname" .) -}}
{{- else -}}
{{- required "serviceAccount.name: name the account that is there already, or set serviceAccount.create" .Values.serviceAccount.name -}}
{{- end -}}
{{- end }}

{{- define "todoplatform-operator.leaseName" -}}
{{- .Values.leaderElection.leaseName | default (include "todoplatform-operator.fullname" .) -}}
{{- end }}

{{/* Port of a collector's URL. */}}
{{- define "todoplatform-operator.collectorPort" -}}
{{- $port := regexFind ":[0-9]+/?$" . | trimPrefix ":" | trimSuffix "/" -}}
{{- $port | default (ternary "443" "80" (hasPrefix "https://" .)) -}}
{{- end }}

{{/* A role and its binding to the operator's account: root, kind (Role or ClusterRole), name, namespace (of a Role), rules. */}}
{{- define "todoplatform-operator.grant" }}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "todoplatform-operator.labels" .root | nindent 4 }}
rules:
  {{- include (printf "todoplatform-operator.rules.%s" .rules) .root | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "todoplatform-operator.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ include "todoplatform-operator.serviceAccountName" .root }}
    namespace: {{ .root.Release.Namespace }}
---
{{- end }}
