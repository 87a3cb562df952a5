// core/http.h: requests and responses as they pass between the Server and Transport ports and the
// core.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ip.h"

namespace spreadable {

enum class Method { get, head, post, options, other };

/// Header fields in the order they came. Names compare without regard to case. All texts lie in one
/// block, as the lines of a message, so that reading, writing, copying and forgetting them costs
/// two allocations however many there are. What is given out points into it: it lasts until the
/// next change.
class Headers {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  /// Reads fields one after the other.
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Field;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Field;

    Iterator(const Headers& headers, std::size_t index) : headers_(&headers), index_(index) {}
    [[nodiscard]] Field operator*() const { return headers_->field(index_); }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    Iterator operator++(int) { return {*headers_, index_++}; }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const Headers* headers_;
    std::size_t index_;
  };

  Headers() = default;
  Headers(std::initializer_list<Field> fields);

  /// Makes room for so many fields, of so many bytes in all.
  void reserve(std::size_t fields, std::size_t bytes);
  /// Requires: neither text is of this object.
  void add(std::string_view name, std::string_view value);
  /// As add, of a whole line. Requires: it is a name of so many bytes, a colon, a space, the value,
  /// CR and LF.
  void add_line(std::string_view line, std::size_t name_bytes);
  /// Replaces all fields `name` by this one.
  void set(std::string_view name, std::string_view value);
  /// The first value of `name`, if there is one.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] Iterator begin() const { return {*this, 0}; }
  [[nodiscard]] Iterator end() const { return {*this, places_.size()}; }
  [[nodiscard]] std::size_t size() const { return places_.size(); }
  /// All fields as a message has them: each its name, a colon, a space, its value, CR and LF. Texts
  /// that do not belong there stand in it as they were given.
  [[nodiscard]] std::string_view lines() const { return text_; }

 private:
  static constexpr std::string_view kColon = ": ";
  static constexpr std::string_view kLineEnd = "\r\n";

  /// Where name and value of a field end in the block, in the lines of a message.
  struct Place {
    std::size_t name_end;
    std::size_t value_end;

    [[nodiscard]] std::size_t value_begin() const { return name_end + kColon.size(); }
    [[nodiscard]] std::size_t next_begin() const { return value_end + kLineEnd.size(); }
  };
  [[nodiscard]] Field field(std::size_t index) const {
    const std::size_t begin = index == 0 ? 0 : places_[index - 1].next_begin();
    const Place& place = places_[index];
    return {{text_.data() + begin, place.name_end - begin},
            {text_.data() + place.value_begin(), place.value_end - place.value_begin()}};
  }

  std::string text_;
  std::vector<Place> places_;
};

/// A request that a Server has received in whole.
struct HttpRequest {
  Method method = Method::get;
  std::string path;   ///< as sent, percent-encoded, without the query
  std::string query;  ///< as sent, without `?`
  Headers headers;
  std::string body;     ///< transfer and content encodings undone
  IpAddress remote_ip;  ///< of the socket
  bool is_tls = false;  ///< came over TLS that this server itself speaks
};

struct HttpResponse {
  int status = 200;
  Headers headers;
  std::string content_type = "application/json; charset=utf-8";
  std::string body;
  /// Nothing, or what stands for the memory that the body takes (AnswerMemory). Whoever sends the
  /// response keeps it for as long as it has the body. Shared, as responses can be copied.
  std::shared_ptr<const void> memory{};
};

}  // namespace spreadable
