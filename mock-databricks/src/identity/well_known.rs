//! Discovery: what a host says about itself before anybody has a token [fixture].
//!
//! URLs in the answers begin with the host and port of the request, so that a client that was pointed at an address or a
//! port finds its way [inferred: the real service has one name and no port].

use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::answer::{Answer, Kind};
use crate::errors;
use crate::mock::Mock;
use crate::network::front_end::Call;
use crate::network::site::Site;
use crate::switches::Switch;

/// `GET /.well-known/databricks-config`.
pub(super) fn config(mock: &Mock, call: &Call) -> Answer {
    let account_id = mock.account_id();
    let base = base(mock, call);
    let mut body = json!({
        "oidc_endpoint": format!("{base}/oidc"),
        "account_id": account_id,
        "workspace_id": mock.workspace_id,
        "cloud": "Azure",
    });
    if call.site == Site::Account {
        // It serves every account, and leaves the place for the id of one [fixture].
        body = json!({"oidc_endpoint": format!("{base}/oidc/accounts/{{account_id}}"), "cloud": "Azure"});
    }
    Answer::json(StatusCode::OK, &body)
}

/// `GET …/.well-known/oauth-authorization-server`.
pub(super) fn discovery(mock: &Mock, call: &Call, account: Option<&str>) -> Answer {
    let mut oidc = format!("{}/oidc", base(mock, call));
    if let Some(account) = account {
        if account != mock.account_id() {
            let status = mock.lock().switches.status(Switch::UnknownAccountStatus);
            return errors::unknown_account(status);
        }
        oidc = format!("{oidc}/accounts/{account}");
    }
    let body = json!({
        "authorization_endpoint": format!("{oidc}/v1/authorize"),
        "token_endpoint": format!("{oidc}/v1/token"),
    });
    Answer::json(StatusCode::OK, &body)
}

/// `GET /aad/auth`: browsers go to Entra, and the address names the tenant [fixture; 3xx form: inferred].
pub(super) fn sign_in(mock: &Mock) -> Answer {
    let location = format!(
        "https://login.microsoftonline.com/{}/oauth2/authorize?client_id={}&response_type=code",
        mock.azure.tenant_id,
        super::DATABRICKS
    );
    let location = HeaderValue::from_str(&location).expect("letters, digits and dashes");
    let status = mock.lock().switches.status(Switch::SignInStatus);
    Answer::new(status, Kind::Bare, "").with(header::LOCATION, location)
}

fn base(mock: &Mock, call: &Call) -> String {
    match &call.host {
        Some(host) => format!("https://{host}"),
        None => format!("https://{}", mock.workspace_host),
    }
}
