//! What comes over a connection.

use super::{Desk, now};
use crate::exchange::relay::mark;
use sip::message::{KeepAlive, Message};
use sip::proxy::{self, Inbound};
use sip::registrar::{self, Flow};

impl Desk {
    pub(super) fn received(&mut self, flow: Flow, bytes: &[u8]) {
        self.speaker = Some(flow);
        self.tally.received += 1;
        let inbound = self.inside(flow, Inbound::read(bytes));
        match inbound {
            Inbound::KeepAlive(KeepAlive::Ping) => self.transmit(flow, b"\r\n".to_vec()),
            Inbound::KeepAlive(KeepAlive::Pong | KeepAlive::Empty) | Inbound::Dropped => {}
            Inbound::Refused(response) => self.transmit(flow, response),
            Inbound::Register(request) => {
                self.registrar.handle(registrar::Input::Received { flow, request }, now());
            }
            Inbound::Other(message) => self.proxy.handle(proxy::Input::Received { flow, message }, now()),
        }
    }

    /// What a plain phone says of us is the domain; whose description it is, is noted.
    fn inside(&mut self, flow: Flow, inbound: Inbound) -> Inbound {
        let Some(connection) = self.connections.get_mut(&flow).filter(|_| self.passing.is_on()) else { return inbound };
        let edge = connection.edge.as_ref();
        match inbound {
            Inbound::Register(mut request) => {
                if let Some(edge) = edge {
                    edge.received_request(&mut request, &self.domain);
                    connection.natted |= edge.is_natted(&request.headers);
                }
                Inbound::Register(request)
            }
            Inbound::Other(mut message) => {
                if let Some(edge) = edge {
                    edge.received(&mut message, &self.domain);
                    if let Message::Request(request) = &message {
                        connection.natted |= edge.is_natted(&request.headers);
                    }
                }
                mark(&mut message, edge);
                Inbound::Other(message)
            }
            other @ (Inbound::KeepAlive(_) | Inbound::Refused(_) | Inbound::Dropped) => other,
        }
    }

    pub(super) fn close(&mut self, flow: Flow) {
        if self.connections.remove(&flow).is_some() {
            self.passing.closed(flow);
            self.registrar.handle(registrar::Input::Closed(flow), now());
            self.proxy.handle(proxy::Input::Closed(flow), now());
        }
    }
}
