#include "services/http/detail/body_framing.h"

#include <algorithm>
#include <charconv>

#include "core/assert.h"
#include "services/http/detail/text.h"

namespace spreadable::detail {

BodyFraming::BodyFraming(const RequestHead& head, std::size_t bytes_max)
    : state_(State::more),
      part_(head.is_chunked ? Part::chunk_size : Part::length),
      left_(head.content_length),
      allowance_(bytes_max) {
  if (head.is_chunked) return;
  if (left_ > allowance_) state_ = State::too_large;
  if (left_ == 0) state_ = State::complete;
}

std::size_t BodyFraming::feed(std::string_view bytes, std::string& body) {
  std::size_t used = 0;
  while (state_ == State::more && used < bytes.size()) {
    const std::string_view rest = bytes.substr(used);
    const bool is_data = part_ == Part::length || part_ == Part::chunk_data;
    used += is_data ? feed_data(rest, body) : feed_line(rest);
  }
  return used;
}

std::size_t BodyFraming::feed_data(std::string_view bytes, std::string& body) {
  SPREADABLE_ASSERT(left_ > 0);
  const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  body.append(bytes.substr(0, count));
  left_ -= count;
  if (left_ > 0) return count;
  if (part_ == Part::length) {
    state_ = State::complete;
  } else {
    part_ = Part::chunk_end;
  }
  return count;
}

std::size_t BodyFraming::feed_line(std::string_view bytes) {
  const auto end = bytes.find('\n');
  const std::size_t count = end == std::string_view::npos ? bytes.size() : end + 1;
  if (part_ == Part::trailer) trailer_bytes_ += count;
  if (line_.size() + count > kChunkLineBytesMax || trailer_bytes_ > kTrailerBytesMax) {
    state_ = State::malformed;
    return count;
  }
  line_.append(bytes.substr(0, count));
  if (end != std::string_view::npos) end_line();
  return count;
}

void BodyFraming::end_line() {
  line_.pop_back();
  const bool ends_well = !line_.empty() && line_.back() == '\r';
  if (ends_well) line_.pop_back();
  if (!ends_well || !is_field_value(line_)) {
    state_ = State::malformed;
  } else if (part_ == Part::chunk_size) {
    begin_chunk();
  } else if (part_ == Part::chunk_end) {
    if (!line_.empty()) state_ = State::malformed;
    part_ = Part::chunk_size;
  } else if (line_.empty()) {  // the line that ends the trailers
    state_ = State::complete;
  } else if (!is_field(line_)) {
    state_ = State::malformed;
  }
  line_.clear();
}

void BodyFraming::begin_chunk() {
  const std::string_view size = std::string_view(line_).substr(0, line_.find(';'));
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), left_, 16);
  if (error == std::errc::result_out_of_range) {
    state_ = State::too_large;
  } else if (size.empty() || error != std::errc{} || end != size.data() + size.size()) {
    state_ = State::malformed;
  } else if (left_ > allowance_) {
    state_ = State::too_large;
  } else {
    allowance_ -= left_;
    part_ = left_ == 0 ? Part::trailer : Part::chunk_data;
  }
}

}  // namespace spreadable::detail
