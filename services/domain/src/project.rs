//! Projects: tasks that several people share, each in a role.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::fields::is_user;
use crate::{ProjectId, Violation};

/// Longest name, in characters.
pub const PROJECT_NAME_MAX_CHARS: usize = 200;
/// Most members, the owner among them.
pub const MEMBERS_MAX: usize = 100;

/// What a member may do, from the least to the most; each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads the project and its tasks, and leaves.
    Viewer,
    /// Makes, changes and deletes tasks.
    Editor,
    /// Changes and deletes the project and says who is a member.
    Owner,
}

impl Role {
    /// Every role, from the least to the most.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Editor, Self::Owner];

    /// The name in JSON and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Owner => "owner",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a role: viewer, editor, owner")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.name() == text)
            .ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

/// The `sub` of a user's token: 1 to 255 bytes without control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct UserId(String);

impl UserId {
    /// The text as tokens carry it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that can be no user's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a user's id has 1 to 255 bytes and no control characters")]
pub struct BadUserId;

impl FromStr for UserId {
    type Err = BadUserId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        is_user(text).then(|| Self(text.to_owned())).ok_or(BadUserId)
    }
}

/// One who takes part in a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Member {
    /// The `sub` of the user's token.
    pub user_id: String,
    /// What the user may do.
    pub role: Role,
}

/// A project, as the HTTP API shows it to its members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Project {
    /// Given by the task service.
    pub id: ProjectId,
    /// 1 to 200 characters, without control characters and surrounding white space.
    pub name: String,
    /// `#rrggbb` in lower case.
    pub colour: Option<String>,
    /// Put away. Its tasks are what they were.
    pub archived: bool,
    /// Who made it; always a member with the role `owner`.
    pub owner: String,
    /// In the order of their ids, at most 100.
    pub members: Vec<Member>,
    /// 1 at creation, one more with every change of the project or its members.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it or its members were last changed.
    pub updated_at: Timestamp,
}

/// A project that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectDraft {
    /// 1 to 200 characters; surrounding white space is cut off.
    pub name: String,
    /// `#rrggbb`.
    #[serde(default)]
    pub colour: Option<String>,
}

/// A merge patch of a project: an absent member stays, `null` clears.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProjectPatch {
    /// Cannot be cleared.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub name: Option<Option<String>>,
    /// `null` clears.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub colour: Option<Option<String>>,
    /// `null` means `false`.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    pub archived: Option<Option<bool>>,
}

/// Tells a member that is `null` from one that is absent, which serde by itself does not.
#[expect(
    clippy::option_option,
    reason = "absent, null and a value are the three things that a merge patch can say"
)]
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Why the members of a project stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MemberError {
    /// Who made the project stays its owner.
    #[error("who made the project stays its owner")]
    OwnerStays,
    /// There are as many as there can be.
    #[error("a project has at most {MEMBERS_MAX} members")]
    TooMany,
}

impl ProjectDraft {
    /// The first version of the project, made at `now` by `owner`, or everything that is wrong with the draft.
    pub fn into_project(self, id: ProjectId, owner: &str, now: Timestamp) -> Result<Project, Vec<Violation>> {
        let mut violations = Vec::new();
        let name = validate_name(&self.name, &mut violations);
        let colour = validate_colour(self.colour.as_deref(), &mut violations);
        if !violations.is_empty() {
            return Err(violations);
        }
        Ok(Project {
            id,
            name,
            colour,
            archived: false,
            owner: owner.to_owned(),
            members: vec![Member {
                user_id: owner.to_owned(),
                role: Role::Owner,
            }],
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }
}

impl ProjectPatch {
    /// `project` after this patch, at `now`; `None` when it says what is so already.
    pub fn apply(&self, project: &Project, now: Timestamp) -> Result<Option<Project>, Vec<Violation>> {
        let mut violations = Vec::new();
        let mut next = project.clone();
        match &self.name {
            Some(Some(name)) => next.name = validate_name(name, &mut violations),
            Some(None) => violations.push(Violation::new("/name", "required", "the name cannot be cleared")),
            None => {}
        }
        if let Some(colour) = &self.colour {
            next.colour = validate_colour(colour.as_deref(), &mut violations);
        }
        if let Some(archived) = self.archived {
            next.archived = archived.unwrap_or_default();
        }
        if violations.is_empty() {
            Ok(next.after(project, now))
        } else {
            Err(violations)
        }
    }
}

impl Project {
    /// The role of a user; none for a stranger.
    pub fn role_of(&self, user: &str) -> Option<Role> {
        let member = self.members.iter().find(|member| member.user_id == user)?;
        Some(member.role)
    }

    /// This project with `user` as a member in `role`; `None` when it is so already.
    pub fn with_member(
        &self,
        user: &UserId,
        role: Role,
        now: Timestamp,
    ) -> Result<Option<Self>, MemberError> {
        if user.as_str() == self.owner && role != Role::Owner {
            return Err(MemberError::OwnerStays);
        }
        let mut next = self.clone();
        next.members.retain(|member| member.user_id != user.as_str());
        next.members.push(Member {
            user_id: user.as_str().to_owned(),
            role,
        });
        next.members.sort_by(|one, other| one.user_id.cmp(&other.user_id));
        if next.members.len() > MEMBERS_MAX {
            return Err(MemberError::TooMany);
        }
        Ok(next.after(self, now))
    }

    /// This project without that member; `None` when there is none.
    pub fn without_member(&self, user: &UserId, now: Timestamp) -> Result<Option<Self>, MemberError> {
        if user.as_str() == self.owner {
            return Err(MemberError::OwnerStays);
        }
        let mut next = self.clone();
        next.members.retain(|member| member.user_id != user.as_str());
        Ok(next.after(self, now))
    }

    /// This as the version after `before`; `None` when nothing differs.
    fn after(self, before: &Self, now: Timestamp) -> Option<Self> {
        (self != *before).then(|| Self {
            version: before.version + 1,
            updated_at: now,
            ..self
        })
    }
}

fn validate_name(name: &str, violations: &mut Vec<Violation>) -> String {
    let name = name.trim();
    if name.is_empty() {
        violations.push(Violation::new(
            "/name",
            "empty",
            "the name needs a visible character",
        ));
    }
    if name.chars().count() > PROJECT_NAME_MAX_CHARS {
        let detail = format!("the name has at most {PROJECT_NAME_MAX_CHARS} characters");
        violations.push(Violation::new("/name", "too_long", detail));
    }
    if name.chars().any(char::is_control) {
        let detail = "the name must not contain control characters";
        violations.push(Violation::new("/name", "control_character", detail));
    }
    name.to_owned()
}

fn validate_colour(colour: Option<&str>, violations: &mut Vec<Violation>) -> Option<String> {
    let colour = colour?;
    let digits = colour.strip_prefix('#').unwrap_or_default();
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let detail = "a colour is a # and six hexadecimal digits: #3366cc";
        violations.push(Violation::new("/colour", "malformed", detail));
    }
    Some(colour.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn project() -> Project {
        let draft: ProjectDraft =
            serde_json::from_str(r##"{"name": " House ", "colour": "#3366CC"}"##).unwrap();
        let id = ProjectId(uuid::Uuid::from_u128(1));
        draft
            .into_project(id, "alice", at("2026-11-21T12:00:00Z"))
            .unwrap()
    }

    fn user(name: &str) -> UserId {
        name.parse().unwrap()
    }

    #[test]
    fn a_draft_becomes_a_project_of_its_maker() {
        let project = project();
        assert_eq!(
            (project.name.as_str(), project.colour.as_deref()),
            ("House", Some("#3366cc"))
        );
        assert_eq!(project.role_of("alice"), Some(Role::Owner));
        assert_eq!(project.role_of("bob"), None);
        assert!(serde_json::from_str::<ProjectDraft>(r#"{"name": "x", "owner": "mallory"}"#).is_err());
    }

    #[test]
    fn each_rule_is_named_with_its_place() {
        let refused = |patch: serde_json::Value| {
            let patch: ProjectPatch = serde_json::from_value(patch).unwrap();
            let found = patch.apply(&project(), at("2026-11-21T13:00:00Z")).unwrap_err();
            found
                .into_iter()
                .map(|found| (found.pointer, found.code))
                .collect::<Vec<_>>()
        };
        let table = [
            (serde_json::json!({"name": null}), ("/name", "required")),
            (serde_json::json!({"name": " "}), ("/name", "empty")),
            (
                serde_json::json!({"name": "x".repeat(201)}),
                ("/name", "too_long"),
            ),
            (
                serde_json::json!({"name": "a\tb"}),
                ("/name", "control_character"),
            ),
            (serde_json::json!({"colour": "red"}), ("/colour", "malformed")),
            (serde_json::json!({"colour": "#3366cg"}), ("/colour", "malformed")),
        ];
        for (patch, (pointer, code)) in table {
            assert_eq!(refused(patch.clone()), [(pointer.to_owned(), code)], "{patch}");
        }
    }

    #[test]
    fn members_come_change_and_go_but_for_the_owner() {
        let later = at("2026-11-21T13:00:00Z");
        let project = project();
        let shared = project
            .with_member(&user("bob"), Role::Viewer, later)
            .unwrap()
            .unwrap();
        assert_eq!((shared.version, shared.role_of("bob")), (2, Some(Role::Viewer)));
        assert_eq!(shared.with_member(&user("bob"), Role::Viewer, later), Ok(None));
        let raised = shared
            .with_member(&user("bob"), Role::Owner, later)
            .unwrap()
            .unwrap();
        assert_eq!(raised.role_of("bob"), Some(Role::Owner));
        let alone = raised.without_member(&user("bob"), later).unwrap().unwrap();
        assert_eq!((alone.version, alone.members.len()), (4, 1));
        assert_eq!(alone.without_member(&user("bob"), later), Ok(None));
        let stays = Err(MemberError::OwnerStays);
        assert_eq!(raised.with_member(&user("alice"), Role::Editor, later), stays);
        assert_eq!(raised.without_member(&user("alice"), later), stays);
    }

    #[test]
    fn there_is_room_for_a_hundred() {
        let later = at("2026-11-21T13:00:00Z");
        let mut project = project();
        for number in 1..MEMBERS_MAX {
            let next = project.with_member(&user(&format!("user-{number}")), Role::Viewer, later);
            project = next.unwrap().unwrap();
        }
        assert!(project.members.is_sorted_by(|a, b| a.user_id < b.user_id));
        assert_eq!(
            project.with_member(&user("zoe"), Role::Viewer, later),
            Err(MemberError::TooMany)
        );
        assert!(project.with_member(&user("user-1"), Role::Editor, later).is_ok());
    }

    #[test]
    fn roles_are_ordered_and_named_once() {
        assert!(Role::ALL.is_sorted());
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
        }
        for bad in [String::new(), "a\nb".to_owned(), "x".repeat(256)] {
            assert!(bad.parse::<UserId>().is_err(), "{bad:?}");
        }
    }
}
