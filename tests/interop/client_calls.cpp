// client_calls: our C++ client at the command of a test. Reads a JSON object per line, the name of
// a method and its arguments, and writes `{"value": …}` or `{"error": {"code", "message"}}` per
// line.
#include <cstdio>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>

#include "core/client.h"
#include "core/wire.h"
#include "services/runtime.h"

using namespace spreadable;

namespace {

Address address_of(const Json& text) {
  const auto address = Address::parse(text.get_ref<const std::string&>());
  if (!address) throw std::invalid_argument(address.error().message);
  return *address;
}

/// The code as the JavaScript clients name it.
std::string code_of(const Error& error) {
  if (error.code == Errc::timed_out) return std::string(wire::kRequestTimedOut);
  return error.wire_code.empty() ? to_string(error.code) : error.wire_code;
}

Json error_of(const Error& error) {
  return {{"code", code_of(error)}, {"message", error.message}};
}

Json told(const Result<Json>& result) {
  return result ? Json{{"value", *result}} : Json{{"error", error_of(result.error())}};
}

Json told(const Result<void>& result) {
  return result ? Json{{"value", nullptr}} : Json{{"error", error_of(result.error())}};
}

class Calls {
 public:
  Json run(const Json& call) {
    const auto& method = call.at("method").get_ref<const std::string&>();
    if (method == "init") return init(call);
    if (!client_) throw std::invalid_argument("no client yet");
    if (method == "worker") return {{"value", client_->worker().text()}};
    if (method == "changeWorker") return told(client_->change_worker());
    if (method == "request") return request(call);
    if (method == "requestGroup") return request_group(call);
    if (method == "getApprovalQuestion") {
      return told(client_->get_approval_question(call.at("action").get<std::string>()));
    }
    throw std::invalid_argument("unknown method " + method);
  }

 private:
  Json init(const Json& call) {
    Client::Options options;
    for (const Json& address : call.at("address")) options.address.push_back(address_of(address));
    if (call.contains("auth")) {
      options.auth = Client::Options::Auth{call["auth"]["username"], call["auth"]["password"]};
    }
    client_ = std::make_unique<Client>(options, Client::Parts{.transport = *runtime_.transport(),
                                                              .clock = *runtime_.clock(),
                                                              .random = *runtime_.random()});
    return told(client_->init());
  }

  Json request(const Json& call) {
    Client::Sending sending{.approval_info = call.value("approvalInfo", Json())};
    if (call.contains("address")) sending.address = address_of(call["address"]);
    if (call.contains("timeout")) sending.timeout = Millis{call["timeout"].get<int>()};
    return told(client_->request(call.at("endpoint").get<std::string>(),
                                 call.value("body", Json::object()), sending));
  }

  Json request_group(const Json& call) {
    std::vector<Client::GroupItem> items;
    for (const Json& address : call.at("addresses")) {
      items.push_back({.address = address_of(address), .endpoint = call.at("endpoint")});
    }
    Json results = Json::array();
    for (const Result<Json>& result : client_->request_group(items))
      results.push_back(told(result));
    return {{"value", results}};
  }

  Runtime runtime_;
  std::unique_ptr<Client> client_;
};

}  // namespace

int main() try {
  Calls calls;
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << dump_json(calls.run(Json::parse(line))) << std::endl;  // a test waits for it
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
