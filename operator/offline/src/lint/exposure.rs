//! Rules about who reaches the platform, and what travels in clear.

use todoplatform_api::{Profile, ServiceType, SmtpSecurity};
use todoplatform_render::validated::KeySource;

use super::{Fault, Rule, Subject, rule};

pub(super) const RULES: &[Rule] = &[
    rule!(
        "TP001",
        Warn,
        "A development platform that is reachable from outside",
        development_exposed
    ),
    rule!(
        "TP002",
        Warn,
        "A development platform that trusts an issuer of yours",
        development_issuer
    ),
    rule!(
        "TP003",
        Warn,
        "Keys of the issuer fetched in clear",
        keys_in_clear
    ),
    rule!(
        "TP004",
        Info,
        "An issuer whose name is no https URL",
        issuer_in_clear
    ),
    rule!(
        "TP005",
        Warn,
        "A browser origin that is open or in clear",
        cors_origins
    ),
    rule!("TP006", Warn, "Mail sent in clear", mail_in_clear),
    rule!(
        "TP007",
        Error,
        "A mail password sent in clear",
        mail_password_in_clear
    ),
    rule!("TP008", Info, "Clocks that may differ by minutes", clock_skew),
    rule!("TP009", Warn, "A rate limit that limits nobody", rate_limit),
];

/// Above this, tokens are good for noticeably longer than they say.
const LONGEST_SKEW_SECONDS: i32 = 120;
/// Requests per second of one user beyond which nothing is protected from that user.
const FASTEST_USER: i64 = 50;

fn development_exposed(subject: &Subject<'_>) -> Vec<Fault> {
    let is_open = subject.settings.gateway.service_type != ServiceType::ClusterIP;
    if subject.is_production() || !is_open {
        return Vec::new();
    }
    vec![Fault::new(
        "spec.gateway.service.type",
        "the gateway is reachable from outside, and profile development signs tokens with a key that anyone \
         who reads one Secret can use",
        "Set spec.profile to production, or keep the Service's type ClusterIP and use kubectl port-forward",
    )]
}

fn development_issuer(subject: &Subject<'_>) -> Vec<Fault> {
    let auth = &subject.settings.auth;
    let is_own = !matches!(auth.keys, KeySource::Generated(_));
    if subject.settings.profile != Profile::Development || !is_own {
        return Vec::new();
    }
    vec![Fault::new(
        "spec.auth",
        format!(
            "tokens of {} reach a platform of profile development, which keeps its data in single pods",
            auth.issuer
        ),
        "Set spec.profile to production for users who are real; ignore this rule for a test of the issuer",
    )]
}

fn keys_in_clear(subject: &Subject<'_>) -> Vec<Fault> {
    match &subject.settings.auth.keys {
        KeySource::Url(url) if url.starts_with("http://") => vec![Fault::new(
            "spec.auth.jwksUrl",
            "the keys that verify tokens are fetched in clear: who is on the way can put keys of their own there",
            "Use an https URL, or put the keys into a Secret and name it in spec.auth.jwksSecretKeyRef",
        )],
        _ => Vec::new(),
    }
}

fn issuer_in_clear(subject: &Subject<'_>) -> Vec<Fault> {
    let issuer = &subject.settings.auth.issuer;
    if issuer.starts_with("https://") {
        return Vec::new();
    }
    vec![Fault::new(
        "spec.auth.issuer",
        format!("`{issuer}` is no https URL, which OpenID Connect asks of an issuer"),
        "Write the issuer exactly as its tokens carry it in `iss`; ignore this rule when they carry this",
    )]
}

fn cors_origins(subject: &Subject<'_>) -> Vec<Fault> {
    let origins = subject.settings.gateway.cors.origins.iter().enumerate();
    origins
        .filter_map(|(index, origin)| {
            let path = format!("spec.gateway.cors.origins[{index}]");
            let host = origin.strip_prefix("http://");
            let is_local = |host: &str| {
                ["localhost", "127.0.0.1", "[::1]"]
                    .iter()
                    .any(|local| host == *local || host.starts_with(&format!("{local}:")))
            };
            if origin.contains('*') {
                Some(Fault::new(
                    path,
                    format!(
                        "`{origin}` has a star: origins are compared as they stand, so it lets nobody in"
                    ),
                    "Write each origin in full",
                ))
            } else if host.is_some_and(|host| !is_local(host)) {
                Some(Fault::new(
                    path,
                    format!(
                        "pages of `{origin}` come in clear: who changes them on the way acts as the user"
                    ),
                    "Serve the page by https and name that origin",
                ))
            } else {
                None
            }
        })
        .collect()
}

fn mail_in_clear(subject: &Subject<'_>) -> Vec<Fault> {
    match &subject.settings.smtp {
        Some(smtp) if smtp.security == SmtpSecurity::None && smtp.login.is_none() => vec![Fault::new(
            "spec.notifications.smtp.security",
            format!("mail, with titles of tasks in it, goes to {} in clear", smtp.host),
            "Set spec.notifications.smtp.security to starttls or tls",
        )],
        _ => Vec::new(),
    }
}

fn mail_password_in_clear(subject: &Subject<'_>) -> Vec<Fault> {
    match &subject.settings.smtp {
        Some(smtp) if smtp.security == SmtpSecurity::None && smtp.login.is_some() => vec![Fault::new(
            "spec.notifications.smtp.security",
            format!("user and password are sent to {} in clear", smtp.host),
            "Set spec.notifications.smtp.security to starttls or tls, or remove the login",
        )],
        _ => Vec::new(),
    }
}

fn clock_skew(subject: &Subject<'_>) -> Vec<Fault> {
    let seconds = subject.settings.auth.clock_skew_seconds;
    if seconds <= LONGEST_SKEW_SECONDS {
        return Vec::new();
    }
    vec![Fault::new(
        "spec.auth.clockSkewSeconds",
        format!("a token is good for {seconds} seconds longer than it says"),
        format!("Set the clocks by NTP and allow {LONGEST_SKEW_SECONDS} seconds at most"),
    )]
}

fn rate_limit(subject: &Subject<'_>) -> Vec<Fault> {
    let gateway = &subject.settings.gateway;
    let (requests, period) = (i64::from(gateway.requests), i64::from(gateway.period_seconds));
    if requests <= FASTEST_USER * period {
        return Vec::new();
    }
    vec![Fault::new(
        "spec.gateway.rateLimit.requests",
        format!(
            "one user may make {requests} requests in {period} seconds, more than the services are made for"
        ),
        format!("Allow a user {FASTEST_USER} requests a second at most"),
    )]
}
