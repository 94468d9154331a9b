//! `database-setup`: what the Job of a platform runs.

use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::database_setup::{Environment, LoginError, Plan, Role, SetupError, admin, required, set_up};
use crate::probe::Sensitive;

/// Why the roles and databases could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseSetupError {
    /// The environment does not say how.
    #[error(transparent)]
    Login(LoginError),
    /// The server did not take it.
    #[error(transparent)]
    Setup(SetupError),
}

/// Reads `service=role`.
pub fn role(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((service, role)) if !service.is_empty() && !role.is_empty() => {
            Ok((service.to_owned(), role.to_owned()))
        }
        _ => Err("is not of the form service=role".to_owned()),
    }
}

/// Makes a role and a database for each of `roles` (service and role), and says so.
pub async fn run(
    owner: String,
    roles: &[(String, String)],
    environment: &Environment,
) -> Result<String, DatabaseSetupError> {
    let with_password = |(service, role): &(String, String)| {
        let variable = format!("{}_PASSWORD", service.to_uppercase().replace('-', "_"));
        Ok(Role {
            name: role.clone(),
            password: Sensitive::new(required(environment, &variable)?.as_bytes().to_vec()),
        })
    };
    let login = admin(environment).map_err(DatabaseSetupError::Login)?;
    let roles: Result<Vec<_>, _> = roles.iter().map(with_password).collect();
    let plan = Plan {
        owner,
        roles: roles.map_err(DatabaseSetupError::Login)?,
    };
    set_up(login, &plan, &mut StdRng::from_os_rng())
        .await
        .map_err(DatabaseSetupError::Setup)?;
    let names: Vec<_> = plan.roles.iter().map(|role| role.name.as_str()).collect();
    Ok(format!("roles and databases are there: {}\n", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_named_with_its_service() {
        assert_eq!(
            role("task=team-todo-task"),
            Ok(("task".into(), "team-todo-task".into()))
        );
        for text in ["task", "=role", "task="] {
            assert!(role(text).is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn a_missing_password_is_named() {
        let login = [("DATABASE_URL".to_owned(), "postgres://h/d".to_owned())].into();
        let error = run("team/todo".into(), &[("task".into(), "r".into())], &login).await;
        assert_eq!(
            error.unwrap_err().to_string(),
            "environment variable TASK_PASSWORD: is missing or empty"
        );
    }
}
