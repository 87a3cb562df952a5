// core/router.h: from requests to handlers.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "core/call_context.h"
#include "core/clock.h"
#include "core/logger.h"
#include "core/result.h"
#include "core/server.h"
#include "core/signatures.h"

namespace spreadable {

/// Answers with a JSON value, or with an Error that becomes the protocol's status and body.
using ApiHandler = std::function<Result<Json>(CallContext&)>;
/// Answers with a whole HTTP response.
using PageHandler = std::function<HttpResponse(CallContext&)>;
/// Runs before the handler; an Error ends the request.
using Middleware = std::function<Result<void>(CallContext&)>;

/// What a handler of either kind has answered.
using Answer = std::variant<Result<Json>, HttpResponse>;

/// The response that tells `error`: 422 `{message, code}` for logical errors, the status of
/// section 1.4 of the protocol for the others. Errc::internal never carries its text to a caller.
[[nodiscard]] HttpResponse error_response(const Error& error);
/// `answer` as it goes to a caller: JSON written down, errors as error_response has them. It has
/// about `bytes`, if that is known.
[[nodiscard]] HttpResponse to_response(Answer answer, std::size_t bytes = 0);

/// Finds the handler of a request in a hash table and runs it, in the order of protocol
/// section 1.2: CORS, body, the middleware of the path's prefix, the route's guards, handler,
/// fallback page, 404. Paths match without regard to case and to one trailing slash. HEAD is
/// answered as GET. Routes and middleware are declared before the first request; after that the
/// router is read only, and thread-safe.
class Router final : public RequestHandler {
 public:
  struct Limits {
    Duration leaf = std::chrono::seconds{2};     ///< for requests that carry no budget of their own
    Duration forward = std::chrono::seconds{4};  ///< also for client routes
    /// Requests of one route of class client at work at a time; Errc::overloaded beyond it, so that
    /// one popular action does not take all workers. Source: protocol section 2.3; design.md,
    /// law 7.
    std::size_t client_concurrency = 50;
  };

  Router(const Clock& clock, Logger& logger, Limits limits);

  /// Declares a JSON route; `path` in lower case without trailing slash. Requires: not declared
  /// yet.
  void add(Method method, std::string path, WorkClass work, ApiHandler handler);
  void add_page(std::string path, PageHandler handler);
  /// Declares a route whose handler writes its own response.
  void add_raw(Method method, std::string path, WorkClass work, PageHandler handler);
  /// Answers every GET that nothing else answers.
  void set_fallback(PageHandler handler);
  /// Runs `middleware` for every path that is `prefix` or lies below it, also when no route matches
  /// there;
  /// `""` is for the rest. Of several prefixes the longest counts; middleware of one prefix runs in
  /// the order declared.
  void use(std::string prefix, Middleware middleware);

  /// Runs `guard` before the handler of one POST route, after the middleware of its prefix.
  /// Requires: the route is declared.
  void protect(std::string_view path, Middleware guard);
  /// Whether protect() was called for that route.
  [[nodiscard]] bool is_protected(std::string_view path) const;

  /// Signs the answers of handlers that want it. Before the first request; outlives this object.
  void set_signatures(Signatures& signatures) { signatures_ = &signatures; }

  [[nodiscard]] WorkClass work_class(Method method, std::string_view path) const override;
  [[nodiscard]] HttpResponse handle(HttpRequest request) override;
  struct OwnAnswer {
    Answer answer;
    Headers headers;        ///< that the handler has added
    std::size_t bytes = 0;  ///< see CallContext::answer_bytes
  };
  /// As handle, for a request of the node to itself: no access checks, no budget but `deadline`,
  /// and JSON goes in and comes out as values, which nobody has to write and to parse. `body`
  /// stands for the request's.
  [[nodiscard]] OwnAnswer handle_own(HttpRequest request, Json body, Deadline deadline);

 private:
  struct Route {
    WorkClass work = WorkClass::leaf;
    std::variant<ApiHandler, PageHandler> handler;
    std::vector<Middleware> guards{};
    const std::vector<Middleware>* middleware = nullptr;  ///< of the path's prefix
    std::unique_ptr<std::atomic<std::size_t>> inside =
        std::make_unique<std::atomic<std::size_t>>(0);
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view path) const {
      return std::hash<std::string_view>{}(path);
    }
  };
  using Table = std::unordered_map<std::string, Route, Hash, std::equal_to<>>;

  [[nodiscard]] const Route* find(Method method, std::string_view path) const;
  [[nodiscard]] const std::vector<Middleware>* middleware_of(std::string_view path) const;
  [[nodiscard]] Answer run(CallContext& call, const Route* route) const;
  [[nodiscard]] Answer answer(CallContext& call, const Route* route) const;
  [[nodiscard]] Answer dispatch(CallContext& call, const Route* route) const;
  void declare(Method method, std::string path, Route route);

  const Clock& clock_;
  Logger& logger_;
  const Limits limits_;
  Table get_routes_;
  Table post_routes_;
  PageHandler fallback_;
  Signatures* signatures_ = nullptr;
  std::map<std::string, std::vector<Middleware>, std::less<>> middleware_;
};

}  // namespace spreadable
