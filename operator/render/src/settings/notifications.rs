//! How users are told.

use todoplatform_api::SmtpSecurity;

use super::Resolver;
use crate::validated::SmtpSettings;

impl Resolver<'_> {
    pub(super) fn smtp(&self) -> Option<SmtpSettings> {
        let smtp = self.spec.notifications.as_ref()?.smtp.as_ref()?;
        let security = smtp.security.unwrap_or(SmtpSecurity::StartTls);
        let port = match security {
            SmtpSecurity::StartTls => 587,
            SmtpSecurity::Tls => 465,
            SmtpSecurity::None => 25,
        };
        Some(SmtpSettings {
            host: smtp.host.clone(),
            port: smtp.port.unwrap_or(port),
            from: smtp
                .from
                .clone()
                .unwrap_or_else(|| format!("Todo <todo@{}>", smtp.host)),
            security,
            login: smtp
                .username_secret_key_ref
                .clone()
                .zip(smtp.password_secret_key_ref.clone()),
        })
    }
}
