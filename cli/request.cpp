// `spreadable request`: one client request.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

#include "cli/client_flags.h"
#include "cli/command.h"
#include "cli/output.h"

namespace spreadable::cli {
namespace {

/// Longest body that is read from standard input; far above what a node takes.
constexpr std::size_t kInputBytesMax = std::size_t{64} << 20;

struct Flags {
  ClientFlags client;
  std::string endpoint;
  std::string body = "{}";
};

Error invalid(std::string message) {
  return Error{Errc::invalid_argument, std::move(message), {}};
}

/// Whether `text` may stand in a path as it is.
bool is_endpoint(std::string_view text) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./";
  return !text.empty() && text.find_first_not_of(kAllowed) == std::string_view::npos;
}

Result<std::string> read_input() {
  std::string text;
  std::array<char, 4096> bytes{};
  std::size_t count = 0;
  while ((count = std::fread(bytes.data(), 1, bytes.size(), stdin)) > 0) {
    text.append(bytes.data(), count);
    if (text.size() > kInputBytesMax) {
      return invalid(fmt::format("standard input is longer than {} MiB", kInputBytesMax >> 20));
    }
  }
  if (std::ferror(stdin) != 0) return invalid("cannot read standard input");
  return text;
}

Result<Json> read_body(const std::string& argument) {
  const bool is_input = argument == "-";
  const Result<std::string> text = is_input ? read_input() : Result<std::string>(argument);
  if (!text) return text.error();
  const char* const origin = is_input ? "standard input" : "argument JSON";
  Result<Json> body = parse_json(*text);
  if (!body) return invalid(fmt::format("{}: {}", origin, body.error().message));
  if (!body->is_object()) {
    return invalid(fmt::format("{}: expected a JSON object, got {}", origin, body->type_name()));
  }
  return body;
}

int run(const Flags& flags) {
  const Result<Client::Options> options = flags.client.read();
  if (!options) return misuse(options.error().message);
  if (!is_endpoint(flags.endpoint)) {
    return misuse(fmt::format(
        "\"{}\" is no endpoint: letters, digits, -, _, . and / may stand in one", flags.endpoint));
  }
  Result<Json> body = read_body(flags.body);
  if (!body) return misuse(body.error().message);
  NodeClient client(*options);
  if (const Result<void> found = client->init(); !found) return fail(describe(found.error()));
  const Result<Json> answer = client->request(flags.endpoint, std::move(*body));
  if (!answer) return fail(describe(answer.error()));
  const bool is_indented = !flags.client.is_json && terminal_size().has_value();
  print_line(json_text(*answer, is_indented));
  return finish_output(kDone);
}

}  // namespace

Run make_request(CLI::App& app) {
  const auto flags = std::make_shared<Flags>();  // shared with the callbacks of the parser
  app.add_option("endpoint", flags->endpoint, "What to ask for: POST /client/ENDPOINT")
      ->type_name("ENDPOINT")
      ->required();
  app.add_option("json", flags->body, "The body, a JSON object; - reads standard input")
      ->type_name("JSON");
  flags->client.add_to(app);
  app.footer(
      "Prints the answer as JSON, indented on a terminal. An error of the network is one line,\n"
      "`message (CODE)`. Example: spreadable request get-available-node");
  return [flags] { return run(*flags); };
}

}  // namespace spreadable::cli
