use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::super::objects::Objects;
use super::{Surroundings, translate};

const SURROUNDINGS: Surroundings = Surroundings {
    host: Ipv4Addr::new(10, 200, 0, 1),
    dns: Ipv4Addr::new(10, 244, 0, 1),
};

/// Address of `shop/api`, the pod whose chains are looked at.
const API: &str = "10.244.0.20";

fn namespace(name: &str, team: &str) -> Value {
    json!({"kind": "Namespace", "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name, "team": team}}})
}

fn pod(namespace: &str, app: &str, address: &str, ports: &Value) -> Value {
    json!({
        "kind": "Pod",
        "metadata": {"name": app, "namespace": namespace, "labels": {"app": app}},
        "spec": {"containers": [{"ports": ports}]},
        "status": {"podIP": address, "phase": "Running"},
    })
}

/// Two namespaces with pods, and what must not be taken for a pod of that address.
fn items() -> Vec<Value> {
    let mut on_the_node = pod("shop", "api", "10.200.0.2", &json!([]));
    on_the_node["spec"]["hostNetwork"] = json!(true);
    let mut ended = pod("shop", "web", "10.244.0.99", &json!([]));
    ended["status"]["phase"] = json!("Succeeded");
    let mut pending = pod("shop", "web", "", &json!([]));
    pending["status"] = json!({"phase": "Pending"});
    let api_ports = json!([
        {"name": "http", "containerPort": 8080},
        {"name": "metrics", "containerPort": 9090, "protocol": "TCP"},
        {"name": "metrics", "containerPort": 9091, "protocol": "UDP"},
    ]);
    vec![
        namespace("shop", "a"),
        namespace("ops", "b"),
        namespace("kube-system", "c"),
        pod("shop", "api", API, &api_ports),
        pod(
            "shop",
            "web",
            "10.244.0.21",
            &json!([{"name": "http", "containerPort": 80}]),
        ),
        pod(
            "shop",
            "admin",
            "10.244.0.22",
            &json!([{"name": "http", "containerPort": 8080}]),
        ),
        pod(
            "ops",
            "web",
            "10.244.0.31",
            &json!([{"name": "http", "containerPort": 8080}]),
        ),
        pod("ops", "prometheus", "10.244.0.32", &json!([])),
        on_the_node,
        ended,
        pending,
    ]
}

fn policy(name: &str, spec: &Value) -> Value {
    json!({"kind": "NetworkPolicy", "metadata": {"name": name, "namespace": "shop"}, "spec": spec})
}

fn table(policies: &[Value]) -> String {
    let items = [items(), policies.to_vec()].concat();
    let objects = Objects::parse(&json!({"items": items}).to_string()).unwrap();
    translate(&objects, SURROUNDINGS)
}

/// Lines of a chain without comments, and without what every chain of a pod begins and ends with.
fn chain(table: &str, name: &str) -> Option<Vec<String>> {
    let (_, rest) = table.split_once(&format!("\tchain {name} {{\n"))?;
    let (body, _) = rest.split_once("\t}\n").unwrap();
    let mut lines: Vec<_> = body
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
        .collect();
    assert!(lines.remove(0).contains(API), "a pod reaches itself");
    assert_eq!(lines.pop(), Some("drop"), "what no rule lets pass is dropped");
    Some(lines.into_iter().map(str::to_owned).collect())
}

/// Lines of the chain that one rule for `shop/api` makes.
fn rule(direction: &str, rule: &Value) -> Vec<String> {
    let (field, name) = match direction {
        "Ingress" => ("ingress", format!("ingress_{API}")),
        _ => ("egress", format!("egress_{API}")),
    };
    let mut spec = json!({"podSelector": {"matchLabels": {"app": "api"}}, "policyTypes": [direction]});
    spec[field] = json!([rule]);
    chain(&table(&[policy("p", &spec)]), &name).unwrap()
}

#[test]
fn peers_of_a_rule() {
    let web = json!({"matchLabels": {"app": "web"}});
    let ops = json!({"matchLabels": {"team": "b"}});
    let cases: [(&str, Value, &[&str]); 13] = [
        ("no peers: everybody", json!({}), &["return"]),
        ("an empty list likewise", json!({"from": []}), &["return"]),
        (
            "pods of the policy's namespace",
            json!({"from": [{"podSelector": web}]}),
            &["ip saddr { 10.244.0.21 } return"],
        ),
        (
            "an empty selector: all of them",
            json!({"from": [{"podSelector": {}}]}),
            &["ip saddr { 10.244.0.20, 10.244.0.21, 10.244.0.22 } return"],
        ),
        (
            "all pods of namespaces",
            json!({"from": [{"namespaceSelector": ops}]}),
            &["ip saddr { 10.244.0.31, 10.244.0.32 } return"],
        ),
        (
            "an empty namespace selector: all pods, cluster DNS among them",
            json!({"from": [{"namespaceSelector": {}}]}),
            &[
                "ip saddr { 10.244.0.1, 10.244.0.20, 10.244.0.21, 10.244.0.22, 10.244.0.31, 10.244.0.32 } return",
            ],
        ),
        (
            "both in one peer: both must hold",
            json!({"from": [{"namespaceSelector": ops, "podSelector": web}]}),
            &["ip saddr { 10.244.0.31 } return"],
        ),
        (
            "in two peers: either",
            json!({"from": [{"namespaceSelector": ops}, {"podSelector": web}]}),
            &["ip saddr { 10.244.0.21, 10.244.0.31, 10.244.0.32 } return"],
        ),
        (
            "nobody fits: nobody passes",
            json!({"from": [{"podSelector": {"matchLabels": {"app": "none"}}}]}),
            &[],
        ),
        (
            "addresses",
            json!({"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}),
            &["ip saddr 0.0.0.0/0 return"],
        ),
        (
            "addresses but for some",
            json!({"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.2.0.0/16"]}}]}),
            &["ip saddr 10.0.0.0/8 ip saddr != 10.1.0.0/16 ip saddr != 10.2.0.0/16 return"],
        ),
        (
            "addresses of the other family",
            json!({"from": [{"ipBlock": {"cidr": "::/0"}}]}),
            &[],
        ),
        (
            "pods and addresses",
            json!({"from": [{"ipBlock": {"cidr": "10.200.0.0/30"}}, {"podSelector": web}]}),
            &["ip saddr { 10.244.0.21 } return", "ip saddr 10.200.0.0/30 return"],
        ),
    ];
    for (name, value, expected) in cases {
        assert_eq!(rule("Ingress", &value), expected, "{name}");
        let egress = value.to_string().replace("\"from\"", "\"to\"");
        let mirrored: Vec<_> = expected
            .iter()
            .map(|line| line.replace("saddr", "daddr"))
            .collect();
        assert_eq!(
            rule("Egress", &egress.parse().unwrap()),
            mirrored,
            "{name}, the other way"
        );
    }
}

#[test]
fn ports_of_a_rule() {
    let cases: [(&str, Value, &[&str]); 8] = [
        (
            "a number, of TCP by default",
            json!([{"port": 80}]),
            &["tcp dport 80 return"],
        ),
        (
            "another protocol",
            json!([{"port": 53, "protocol": "UDP"}]),
            &["udp dport 53 return"],
        ),
        (
            "a range",
            json!([{"port": 3000, "endPort": 3999, "protocol": "SCTP"}]),
            &["sctp dport 3000-3999 return"],
        ),
        (
            "all ports of a protocol",
            json!([{"protocol": "UDP"}]),
            &["ip protocol udp return"],
        ),
        (
            "several",
            json!([{"port": 80}, {"port": 81}]),
            &["tcp dport 80 return", "tcp dport 81 return"],
        ),
        (
            "a name of the governed pod",
            json!([{"port": "http"}]),
            &["tcp dport 8080 return"],
        ),
        (
            "a name that two protocols have",
            json!([{"port": "metrics", "protocol": "UDP"}]),
            &["udp dport 9091 return"],
        ),
        ("a name that it does not have", json!([{"port": "other"}]), &[]),
    ];
    for (name, ports, expected) in cases {
        assert_eq!(rule("Ingress", &json!({"ports": ports})), expected, "{name}");
    }
}

#[test]
fn every_peer_may_use_every_port() {
    let value = json!({
        "from": [{"podSelector": {"matchLabels": {"app": "web"}}}, {"ipBlock": {"cidr": "10.9.0.0/16"}}],
        "ports": [{"port": 80}, {"port": 53, "protocol": "UDP"}],
    });
    let expected = [
        "ip saddr { 10.244.0.21 } tcp dport 80 return",
        "ip saddr 10.9.0.0/16 tcp dport 80 return",
        "ip saddr { 10.244.0.21 } udp dport 53 return",
        "ip saddr 10.9.0.0/16 udp dport 53 return",
    ];
    assert_eq!(rule("Ingress", &value), expected);
}

#[test]
fn a_named_port_at_egress_is_each_receivers_own() {
    let expected = [
        "ip daddr { 10.244.0.21 } tcp dport 80 return",
        "ip daddr { 10.244.0.31 } tcp dport 8080 return",
    ];
    let peers = json!([{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "web"}}}]);
    assert_eq!(
        rule("Egress", &json!({"to": peers, "ports": [{"port": "http"}]})),
        expected
    );
    let anyone = [
        "ip daddr { 10.244.0.21 } tcp dport 80 return",
        "ip daddr { 10.244.0.20, 10.244.0.22, 10.244.0.31 } tcp dport 8080 return",
    ];
    assert_eq!(rule("Egress", &json!({"ports": [{"port": "http"}]})), anyone);
    let block = json!([{"ipBlock": {"cidr": "10.244.0.0/16"}}]);
    assert!(rule("Egress", &json!({"to": block, "ports": [{"port": "http"}]})).is_empty());
}

#[test]
fn cluster_dns_is_reached_as_the_pod_that_it_is_elsewhere() {
    let value = json!({
        "to": [{
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }],
        "ports": [{"port": 53, "protocol": "UDP"}, {"port": "dns-tcp"}],
    });
    let expected = [
        "ip daddr { 10.244.0.1 } udp dport 53 return",
        "ip daddr { 10.244.0.1 } tcp dport 53 return",
    ];
    assert_eq!(rule("Egress", &value), expected);
}

#[test]
fn policy_types_say_which_directions_are_closed() {
    let egress = json!([{"ports": [{"port": 1}]}]);
    let cases = [
        (json!({"podSelector": {}}), true, false),
        (json!({"podSelector": {}, "egress": egress}), true, true),
        (
            json!({"podSelector": {}, "policyTypes": ["Ingress"], "egress": egress}),
            true,
            false,
        ),
        (json!({"podSelector": {}, "policyTypes": ["Egress"]}), false, true),
        (
            json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}),
            true,
            true,
        ),
        (
            json!({"podSelector": {"matchLabels": {"app": "web"}}}),
            false,
            false,
        ),
    ];
    for (spec, ingress, egress) in cases {
        let table = table(&[policy("p", &spec)]);
        assert_eq!(
            chain(&table, &format!("ingress_{API}")).is_some(),
            ingress,
            "{spec}"
        );
        assert_eq!(
            chain(&table, &format!("egress_{API}")).is_some(),
            egress,
            "{spec}"
        );
    }
}

#[test]
fn policies_add_up() {
    let open = |port: u16| json!({"podSelector": {"matchLabels": {"app": "api"}}, "ingress": [{"ports": [{"port": port}]}]});
    let closed = json!({"podSelector": {}, "policyTypes": ["Ingress"]});
    let table = table(&[policy("c", &open(2)), policy("b", &closed), policy("a", &open(1))]);
    assert_eq!(
        chain(&table, &format!("ingress_{API}")).unwrap(),
        ["tcp dport 1 return", "tcp dport 2 return"]
    );
}

#[test]
fn a_policy_governs_pods_of_its_own_namespace_that_have_an_address_of_their_own() {
    let table = table(&[policy(
        "p",
        &json!({"podSelector": {}, "policyTypes": ["Ingress"]}),
    )]);
    let governed: Vec<_> = table
        .lines()
        .filter_map(|line| line.trim().strip_prefix("chain ingress_"))
        .collect();
    assert_eq!(governed, ["10.244.0.20 {", "10.244.0.21 {", "10.244.0.22 {"]);
}

#[test]
fn without_policies_nothing_is_dropped() {
    let table = table(&[]);
    assert!(!table.contains("drop"));
    insta::assert_snapshot!("no_policies", table);
}

#[test]
fn the_whole_table() {
    let default_deny = json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]});
    let api = json!({
        "podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["api"]}]},
        "ingress": [
            {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": "http"}]},
            {"from": [{"namespaceSelector": {"matchLabels": {"team": "b"}}}], "ports": [{"port": 9090, "endPort": 9099}]},
        ],
        "egress": [
            {"to": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}],
             "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53}]},
            {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "10.0.0.0/16"]}}], "ports": [{"protocol": "TCP"}]},
        ],
        "policyTypes": ["Ingress", "Egress"],
    });
    insta::assert_snapshot!(
        "whole_table",
        table(&[policy("default-deny", &default_deny), policy("api", &api)])
    );
}
