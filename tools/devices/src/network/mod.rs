//! Networks: bridges of dom0, and the guests' cards on them.

mod card;
mod default;
mod links;
mod nat;

pub use card::{CardInfo, CardRequest, attach, check_bridge, connect, connect_within, list};
pub use default::{DefaultNetwork, Settings};
pub use links::{Link, Links};
