-- Each request creates a user of its own; TOKEN comes from the environment.
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end
function init(args)
  count = 0
  run = args[1]
  wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
  wrk.headers["Content-Type"] = "application/scim+json"
end
function request()
  count = count + 1
  local name = "w" .. run .. "t" .. number .. "n" .. count .. "@contoso.test"
  local body = '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"' .. name ..
    '","externalId":"' .. name .. '","displayName":"Pat Example","active":true,"emails":[{"primary":true,"type":"work","value":"' .. name .. '"}]}'
  return wrk.format("POST", nil, nil, body)
end
