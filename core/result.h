// core/result.h: a value, or what went wrong. Errors of the outside world are values, not
// exceptions.
#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/assert.h"

namespace spreadable {

/// What kind of thing went wrong. Short and stable; `Error::message` has the details.
enum class Errc {
  invalid_argument,  ///< a value is not acceptable; the message names it
  logical,           ///< the other side understood and said no: HTTP 422, with a wire code
  bad_request,       ///< a request that cannot be read: HTTP 400
  unauthorized,      ///< credentials are missing or wrong: HTTP 401
  denied,            ///< not allowed here: HTTP 403
  not_found,         ///< no such route or thing: HTTP 404
  too_large,         ///< over a limit: HTTP 413
  unsupported,       ///< a charset or encoding we do not read: HTTP 415
  internal,          ///< we failed: HTTP 500, details only in the log
  overloaded,        ///< a queue is full or we are stopping; try later or elsewhere: HTTP 503
  timed_out,         ///< the deadline passed first
  unreachable,       ///< no connection, or it broke
  bad_response,      ///< an answer that is no JSON, too large or refused by its schema
  cancelled,         ///< given up on purpose
  io,                ///< storage, files or sockets of this machine
  no_space,          ///< its disk is full: HTTP 507
  damaged,           ///< what it has stored cannot be read back
};

/// The stable lower-case name of `code`, as it stands in logs and in JSON output.
[[nodiscard]] const char* to_string(Errc code);

struct Error {
  Errc code = Errc::internal;
  std::string message;  ///< one sentence for people; names the peer and the value
  std::string
      wire_code;  ///< `ERR_SPREADABLE_…` where the protocol has one (core/wire.h), else empty

  friend bool operator==(const Error&, const Error&) = default;
};

/// Either a T or an Error: our small subset of C++23's std::expected, with its member names.
/// Reading the side that is not there is a mistake of the caller and ends the process.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  /// Cold, so that compilers take errors for rare and put what leads to them out of the way.
  [[gnu::cold]] Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  [[nodiscard]] T& value() & { return checked(); }
  [[nodiscard]] const T& value() const& { return const_cast<Result*>(this)->checked(); }
  [[nodiscard]] T&& value() && { return std::move(checked()); }
  [[nodiscard]] T& operator*() & { return checked(); }
  [[nodiscard]] const T& operator*() const& { return const_cast<Result*>(this)->checked(); }
  [[nodiscard]] T&& operator*() && { return std::move(checked()); }
  [[nodiscard]] T* operator->() { return &checked(); }
  [[nodiscard]] const T* operator->() const { return &const_cast<Result*>(this)->checked(); }

  [[nodiscard]] const Error& error() const {
    SPREADABLE_ASSERT(!has_value());
    return *std::get_if<1>(&state_);
  }

  template <class U>
  [[nodiscard]] T value_or(U&& fallback) const& {
    return has_value() ? value() : static_cast<T>(std::forward<U>(fallback));
  }

 private:
  T& checked() {
    SPREADABLE_ASSERT(has_value());
    return *std::get_if<0>(&state_);
  }

  std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  [[gnu::cold]] Result(Error error) : error_(std::move(error)), failed_(true) {}

  [[nodiscard]] bool has_value() const { return !failed_; }
  explicit operator bool() const { return has_value(); }

  [[nodiscard]] const Error& error() const {
    SPREADABLE_ASSERT(failed_);
    return error_;
  }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace spreadable
