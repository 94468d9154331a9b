//! Small typed structs of foreign kinds that a platform is made of.
