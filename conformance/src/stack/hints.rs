//! What a stack that stays up tells a person: where everything is, and what to try.

use anyhow::{Context, Result};

use super::Stack;

/// Addresses, tokens, and commands to copy.
///
/// # Errors
///
/// When an address of the stack is none; that is a bug.
pub fn hints(stack: &Stack) -> Result<String> {
    let (url, token, ca) = (stack.bridge_url(), stack.token(), stack.ca_file().display());
    let databricks = stack.databricks();
    let host = databricks.workspace_host();
    Ok(format!(
        "The stack is up. Stop it with Ctrl-C.

  bridge       {url}   token {token}
  health       {ops}/health/targets
  databricks   {host}
    private    {private}   token {pat}
    public     {public}   (refuses: Private Link)
    control    {control}
  authority    {ca}
  log          {folder}/bridge.log

What to try:

  # what the bridge says of itself
  curl --cacert {ca} -H 'Authorization: Bearer {token}' {url}/ServiceProviderConfig

  # make a user, and see it arrive at Databricks
  curl --cacert {ca} -H 'Authorization: Bearer {token}' -H 'Content-Type: application/scim+json' {url}/Users \\
    -d '{{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"Pat@contoso.test\",\"displayName\":\"Pat\"}}'
  curl {control}/state

  # every request that Databricks received
  curl '{control}/history?since=0'

  # the public front end refuses
  curl -i --cacert {ca} {public_call}/api/2.0/preview/scim/v2/Me -H 'Authorization: Bearer {pat}'

  # Databricks is out for the next ten requests: the bridge's answers stay the same
  curl {control}/faults -d '{{\"match\":{{}},\"times\":10,\"answer\":{{\"private_link\":true}}}}'
  curl {ops}/health/targets
",
        ops = stack.bridge.ops_url(),
        private = databricks.private_url(),
        public = databricks.public_url(),
        public_call = as_workspace(host, &databricks.public_url())?,
        control = databricks.control_url(),
        pat = databricks.token(),
        folder = stack.folder().display(),
    ))
}

/// The words that lead curl to the workspace's name at a front end's address, as DNS would.
fn as_workspace(host: &str, front_end: &str) -> Result<String> {
    let url: url::Url = front_end.parse()?;
    let address = url.host_str().context("a front end has an address")?;
    let port = url.port().context("a front end has a port")?;
    Ok(format!("--resolve {host}:{port}:{address} https://{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::as_workspace;

    #[test]
    fn curl_is_led_to_the_front_end_wherever_it_listens() {
        for (front_end, address) in [("https://127.0.0.1:8443", "127.0.0.1"), ("https://[::1]:8443", "[::1]")] {
            let words = as_workspace("adb-1.2.test", front_end).unwrap();
            assert_eq!(
                words,
                format!("--resolve adb-1.2.test:8443:{address} https://adb-1.2.test:8443")
            );
        }
    }
}
