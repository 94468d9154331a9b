//! Ids, one type per thing that has one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id! {
    /// A task. A `UUIDv7`, so ids sort by creation time.
    TaskId
}
id! {
    /// A reminder of a task. Stable while its instant stays the same, or follows a recurring task.
    ReminderId
}
id! {
    /// A project. A `UUIDv7`, so ids sort by creation time.
    ProjectId
}
id! {
    /// An event. Stable over every redelivery and every repeated publish of the same happening.
    EventId
}
