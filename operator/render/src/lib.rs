//! From a TodoPlatform to its children: validate, then build; pure.
