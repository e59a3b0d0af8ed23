//! Why a connection ends.

use ordertop::protocol::CloseReason;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error as SocketError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::hub::CutOff;

/// Why a connection ends.
pub(super) enum End {
    /// The client went, or the network did.
    Gone,
    /// We close it, for this reason.
    Close(CloseReason),
    /// The client broke the protocol: RFC 6455 has a code for that.
    Broken(CloseCode),
}

impl From<CutOff> for End {
    fn from(why: CutOff) -> Self {
        Self::Close(match why {
            CutOff::Full => CloseReason::SlowConsumer,
            CutOff::HistoryChanged => CloseReason::HistoryChanged,
        })
    }
}

impl From<SocketError> for End {
    fn from(error: SocketError) -> Self {
        match error {
            SocketError::Capacity(CapacityError::MessageTooLong { .. }) => {
                Self::Close(CloseReason::MessageTooLarge)
            }
            SocketError::Utf8(_) => Self::Broken(CloseCode::Invalid),
            SocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Gone,
            SocketError::Protocol(_) => Self::Broken(CloseCode::Protocol),
            _ => Self::Gone,
        }
    }
}
