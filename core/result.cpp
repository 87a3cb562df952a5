#include "core/result.h"

namespace spreadable {

const char* to_string(Errc code) {
  switch (code) {
    case Errc::invalid_argument:
      return "invalid_argument";
    case Errc::logical:
      return "logical";
    case Errc::bad_request:
      return "bad_request";
    case Errc::unauthorized:
      return "unauthorized";
    case Errc::denied:
      return "denied";
    case Errc::not_found:
      return "not_found";
    case Errc::too_large:
      return "too_large";
    case Errc::unsupported:
      return "unsupported";
    case Errc::internal:
      return "internal";
    case Errc::overloaded:
      return "overloaded";
    case Errc::timed_out:
      return "timed_out";
    case Errc::unreachable:
      return "unreachable";
    case Errc::bad_response:
      return "bad_response";
    case Errc::cancelled:
      return "cancelled";
    case Errc::io:
      return "io";
    case Errc::no_space:
      return "no_space";
    case Errc::damaged:
      return "damaged";
  }
  return "unknown";
}

}  // namespace spreadable
