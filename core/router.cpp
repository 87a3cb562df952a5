#include "core/router.h"

#include <algorithm>
#include <exception>

#include "core/ascii.h"
#include "core/assert.h"
#include "core/query.h"
#include "core/request_body.h"
#include "core/wire.h"

namespace spreadable {
namespace {

/// `path` in lower case without its trailing slash, as routes are kept.
std::string normalized(std::string_view path) {
  if (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return ascii::lower(path);
}

bool is_normal(std::string_view path) {
  return !path.ends_with('/') && std::none_of(path.begin(), path.end(), ascii::is_upper);
}

int status_of(Errc code) {
  switch (code) {
    case Errc::logical:
      return 422;
    case Errc::invalid_argument:
      return 422;
    case Errc::bad_request:
      return 400;
    case Errc::unauthorized:
      return 401;
    case Errc::denied:
      return 403;
    case Errc::not_found:
      return 404;
    case Errc::too_large:
      return 413;
    case Errc::unsupported:
      return 415;
    case Errc::overloaded:
      return 503;
    case Errc::no_space:
      return 507;
    default:
      return 500;
  }
}

/// The answer to a preflight, which no access check sees. Source: protocol section 1.6.
HttpResponse preflight(const HttpRequest& request) {
  HttpResponse response{.status = 204, .headers = {}, .content_type = "", .body = ""};
  response.headers.add("Access-Control-Allow-Methods", "GET,HEAD,PUT,PATCH,POST,DELETE");
  response.headers.add("Vary", "Access-Control-Request-Headers");
  if (const auto asked = request.headers.find("Access-Control-Request-Headers")) {
    response.headers.add("Access-Control-Allow-Headers", *asked);
  }
  return response;
}

/// One of the requests at work on a route.
class Place {
 public:
  explicit Place(std::atomic<std::size_t>& inside) : inside_(inside), count_(++inside) {}
  ~Place() { --inside_; }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  /// How many there were on entering, this one included.
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  std::atomic<std::size_t>& inside_;
  const std::size_t count_;
};

/// What to make ready for the text of an answer and the head before it. Small texts grow quickly.
std::size_t room_for_text(const CallContext& call) {
  constexpr std::size_t kHeadBytes = 4'096;
  constexpr std::size_t kSmallBytes = 16'384;
  return call.answer_bytes > kSmallBytes ? call.answer_bytes + kHeadBytes : 0;
}

/// Of what the answer was made of only its text is left.
void keep_memory(CallContext& call, HttpResponse& response) {
  if (!call.memory) return;
  if (call.memory->is_large()) {
    auto memory = std::make_shared<AnswerMemory::Hold>(std::move(*call.memory));
    memory->resize(response.body.capacity());
    response.memory = std::move(memory);
  }
  call.memory.reset();
}

/// `answer`, which is used up, as to_response has it.
HttpResponse written_down(Answer& answer, std::size_t bytes) {
  if (auto* const response = std::get_if<HttpResponse>(&answer)) return std::move(*response);
  const auto& result = std::get<Result<Json>>(answer);
  if (!result) return error_response(result.error());
  HttpResponse response;
  response.body = dump_json(*result, bytes);
  return response;
}

HttpResponse not_found(const HttpRequest& request) {
  const std::string url = request.query.empty() ? request.path : request.path + "?" + request.query;
  return error_response({Errc::not_found, "Not found route \"" + url + "\"", {}});
}

}  // namespace

HttpResponse error_response(const Error& error) {
  HttpResponse response;
  response.status = status_of(error.code);
  const bool is_internal = error.code == Errc::internal || error.code == Errc::io ||
                           error.code == Errc::damaged || error.code == Errc::no_space;
  const std::string message = !is_internal             ? error.message
                              : response.status == 507 ? "Not enough space"
                                                       : "Internal error";
  response.body = "{\"message\":" + dump_json(message);
  if (response.status == 422) {
    const std::string code =
        error.wire_code.empty() ? std::string(wire::kApiError) : error.wire_code;
    response.body += ",\"code\":" + dump_json(code);
  }
  response.body += "}";
  if (error.code == Errc::overloaded) response.headers.add("Retry-After", "1");
  return response;
}

HttpResponse to_response(Answer answer, std::size_t bytes) {
  return written_down(answer, bytes);
}

Router::Router(const Clock& clock, Logger& logger, Limits limits)
    : clock_(clock), logger_(logger), limits_(limits) {}

void Router::add(Method method, std::string path, WorkClass work, ApiHandler handler) {
  declare(method, std::move(path), {.work = work, .handler = std::move(handler)});
}

void Router::add_page(std::string path, PageHandler handler) {
  add_raw(Method::get, std::move(path), WorkClass::leaf, std::move(handler));
}

void Router::add_raw(Method method, std::string path, WorkClass work, PageHandler handler) {
  declare(method, std::move(path), {.work = work, .handler = std::move(handler)});
}

void Router::declare(Method method, std::string path, Route route) {
  SPREADABLE_ASSERT(method == Method::get || method == Method::post);
  SPREADABLE_ASSERT(path == normalized(path));
  Table& table = method == Method::get ? get_routes_ : post_routes_;
  route.middleware = middleware_of(path);
  const bool is_new = table.emplace(std::move(path), std::move(route)).second;
  SPREADABLE_ASSERT(is_new);
}

void Router::set_fallback(PageHandler handler) {
  fallback_ = std::move(handler);
}

void Router::use(std::string prefix, Middleware middleware) {
  middleware_[std::move(prefix)].push_back(std::move(middleware));
  for (Table* table : {&get_routes_, &post_routes_}) {
    for (auto& [path, route] : *table) route.middleware = middleware_of(path);
  }
}

void Router::protect(std::string_view path, Middleware guard) {
  const auto route = post_routes_.find(path);
  SPREADABLE_ASSERT(route != post_routes_.end());
  route->second.guards.push_back(std::move(guard));
}

bool Router::is_protected(std::string_view path) const {
  const auto route = post_routes_.find(path);
  return route != post_routes_.end() && !route->second.guards.empty();
}

const Router::Route* Router::find(Method method, std::string_view path) const {
  const Table* table = nullptr;
  if (method == Method::get || method == Method::head) table = &get_routes_;
  if (method == Method::post) table = &post_routes_;
  if (!table) return nullptr;
  auto it = table->find(path);  // nodes and clients spell paths as they are kept
  if (it == table->end()) it = table->find(normalized(path));
  return it == table->end() ? nullptr : &it->second;
}

const std::vector<Middleware>* Router::middleware_of(std::string_view path) const {
  const std::string plain = is_normal(path) ? std::string() : normalized(path);
  std::string_view prefix = plain.empty() ? path : plain;
  while (true) {
    if (const auto it = middleware_.find(prefix); it != middleware_.end()) return &it->second;
    if (prefix.empty()) return nullptr;
    prefix = prefix.substr(0, prefix.rfind('/') == std::string_view::npos ? 0 : prefix.rfind('/'));
  }
}

WorkClass Router::work_class(Method method, std::string_view path) const {
  const Route* route = find(method, path);
  return route ? route->work : WorkClass::leaf;
}

HttpResponse Router::handle(HttpRequest request) {
  HttpResponse response;
  if (request.method == Method::options) {
    response = preflight(request);
  } else if (!is_well_encoded(request.path)) {
    response = error_response({Errc::bad_request, "Failed to decode the path", {}});
  } else if (Result<Json> body = parse_request_body(request); !body) {
    response = error_response(body.error());
  } else {
    const Route* route = find(request.method, request.path);
    const bool is_leaf = !route || route->work == WorkClass::leaf;
    const Duration budget =
        wire::budget_of(*body).value_or(is_leaf ? limits_.leaf : limits_.forward);
    CallContext call{.request = request,
                     .body = std::move(*body),
                     .deadline = Deadline::after(clock_, budget),
                     .client_ip = request.remote_ip,
                     .client_address = {},
                     .is_native = request.headers.find(wire::kFeatures).has_value()};
    {
      Answer answer = run(call, route);
      response = written_down(answer, room_for_text(call));
    }
    keep_memory(call, response);
    for (const auto& [name, value] : call.reply_headers) response.headers.add(name, value);
    if (call.is_native) {
      response.headers.add(wire::kFeatures, wire::kOwnFeatures);
    }
    if (call.signs_answer && signatures_) signatures_->sign_answer(request, response);
  }
  response.headers.add("Access-Control-Allow-Origin", "*");
  return response;
}

Router::OwnAnswer Router::handle_own(HttpRequest request, Json body, Deadline deadline) {
  CallContext call{.request = request,
                   .body = std::move(body),
                   .deadline = deadline,
                   .client_ip = IpAddress::loopback(),
                   .client_address = {},
                   .is_own = true,
                   .is_native = true};
  Answer said = answer(call, find(request.method, request.path));
  return {std::move(said), std::move(call.reply_headers), call.answer_bytes};
}

Answer Router::run(CallContext& call, const Route* route) const {
  if (const auto* list = route ? route->middleware : middleware_of(call.request.path)) {
    for (const Middleware& middleware : *list) {
      if (Result<void> passed = middleware(call); !passed) return Result<Json>(passed.error());
    }
  }
  return answer(call, route);
}

Answer Router::answer(CallContext& call, const Route* route) const {
  try {
    return dispatch(call, route);
  } catch (const std::exception& exception) {  // out of a user's handler
    logger_.error("handler of " + call.request.path + " failed: " + exception.what());
  } catch (...) {
    logger_.error("handler of " + call.request.path + " failed with an unknown exception");
  }
  return Result<Json>(Error{Errc::internal, "", {}});
}

Answer Router::dispatch(CallContext& call, const Route* route) const {
  const Method method = call.request.method;
  if (!route) {
    if (fallback_ && (method == Method::get || method == Method::head)) return fallback_(call);
    return not_found(call.request);
  }
  const Place place(*route->inside);
  if (route->work == WorkClass::client && place.count() > limits_.client_concurrency) {
    return Result<Json>(Error{Errc::overloaded, "too many requests of this kind at a time", {}});
  }
  if (!call.is_own) {
    for (const Middleware& guard : route->guards) {
      if (Result<void> passed = guard(call); !passed) return Result<Json>(passed.error());
    }
  }
  return std::visit([&](const auto& handler) -> Answer { return handler(call); }, route->handler);
}

}  // namespace spreadable
