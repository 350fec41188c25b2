//! The crate seen from outside: the RFC's examples, Entra's sequences, and properties.

#[cfg(test)]
mod dialects;
#[cfg(test)]
mod entra_sequences;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod rfc_examples;
#[cfg(test)]
mod schemas;
#[cfg(test)]
mod strategies;
