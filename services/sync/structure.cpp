#include "services/sync/structure.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <utility>

#include "core/json.h"
#include "core/transport.h"

namespace spreadable {
namespace {

constexpr std::string_view kAddress = R"({"address":")";
constexpr std::string_view kBacklink = R"(,"backlink":)";
constexpr std::string_view kSlaves = R"(,"slaves":[)";
constexpr std::string_view kMasters = R"(],"masters":[)";
constexpr std::string_view kSize = R"(,"size":)";

/// Whether a node is there twice. With a table of its own, since a set takes memory for each node.
bool has_repetition(const std::vector<Address>& list) {
  const std::size_t mask = std::bit_ceil(2 * list.size() + 1) - 1;
  std::vector<std::size_t> places(mask + 1);  // in the list, counted from 1; 0: free
  for (std::size_t i = 0; i < list.size(); ++i) {
    std::size_t slot = std::hash<Address>{}(list[i]) & mask;
    for (; places[slot] != 0; slot = (slot + 1) & mask) {
      if (list[places[slot] - 1] == list[i]) return true;
    }
    places[slot] = i + 1;
  }
  return false;
}

bool has_repetition(const MasterList::Entries& masters) {
  const auto is_out_of_order = [](const MasterEntry& a, const MasterEntry& b) {
    return !(a.address < b.address);
  };
  if (std::adjacent_find(masters.begin(), masters.end(), is_out_of_order) == masters.end()) {
    return false;  // in order, as nodes of ours write them
  }
  std::vector<Address> addresses;
  for (const MasterEntry& master : masters) addresses.push_back(master.address);
  return has_repetition(addresses);
}

/// Reads the form in which structure_text writes, as nearly all structures come, from the front of
/// `text`. Each function answers whether it was there.
class PlainReader {
 public:
  explicit PlainReader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool read(Structure& structure) {
    MasterList::Entries masters;
    if (!read_address(structure.address) || !cut(kBacklink)) return false;
    if (!cut("null")) {
      structure.backlink.emplace();
      if (!read_address(*structure.backlink) || !cut("}")) return false;
    }
    const bool is_read =
        cut(kSlaves) &&
        read_entries(structure.slaves, [&](Address& slave) { return read_address(slave); }) &&
        cut(kMasters) && read_entries(masters, [&](MasterEntry& master) {
          return read_address(master.address) && cut(kSize) && read_size(master.size);
        });
    if (!is_read || text_ != "]}") return false;
    if (has_repetition(structure.slaves) || has_repetition(masters)) return false;
    structure.masters = std::move(masters);
    return true;
  }

 private:
  bool cut(std::string_view part) {
    if (!text_.starts_with(part)) return false;
    text_.remove_prefix(part.size());
    return true;
  }
  bool read_address(Address& address) {
    if (!cut(kAddress)) return false;
    const std::size_t length = text_.find('"');
    if (length == std::string_view::npos) return false;
    Result<Address> parsed = Address::parse(text_.substr(0, length));
    if (!parsed) return false;
    address = std::move(*parsed);
    text_.remove_prefix(length + 1);
    return true;
  }
  bool read_size(std::size_t& size) {
    const auto [end, failure] = std::from_chars(text_.data(), text_.data() + text_.size(), size);
    const auto length = static_cast<std::size_t>(end - text_.data());
    if (failure != std::errc{} || (length > 1 && text_.front() == '0')) return false;
    text_.remove_prefix(length);
    return size <= Transport::kGroupMax;
  }
  template <typename Entry, typename ReadEntry>
  bool read_entries(std::vector<Entry>& entries, ReadEntry read_entry) {
    if (text_.starts_with(']')) return true;
    do {
      if (entries.size() == Transport::kGroupMax) return false;
      if (!read_entry(entries.emplace_back()) || !cut("}")) return false;
    } while (cut(","));
    return true;
  }

  std::string_view text_;
};

/// Reads a structure in any form as its text goes by, without a tree of JSON values. Each function
/// answers whether to go on; `error` tells why not.
class StructureReader final : public nlohmann::json_sax<Json> {
 public:
  [[nodiscard]] Result<Structure> take(bool is_json) {
    if (error_.empty() && !is_json) fail("is no JSON");
    if (error_.empty() && (!has_address_ || !has_backlink_ || !has_slaves_ || !has_masters_)) {
      fail("lacks a key");
    }
    if (error_.empty() && (has_repetition(structure_.slaves) || has_repetition(masters_))) {
      fail("lists a node twice");
    }
    if (error_.empty()) {
      structure_.masters = std::move(masters_);
      return std::move(structure_);
    }
    return Error{Errc::bad_response, "the structure " + error_, {}};
  }

  bool null() override {
    if (is_skipping()) return true;
    if (place_ == Place::backlink && depth_ == 1) {
      structure_.backlink.reset();
      return has_backlink_ = true;
    }
    return fail("has null where it may not");
  }
  bool boolean(bool) override { return is_skipping() || fail("has a truth value"); }
  bool number_integer(number_integer_t value) override {
    return value < 0 ? is_skipping() || fail("has a negative number")
                     : number_unsigned(static_cast<number_unsigned_t>(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (is_skipping()) return true;
    if (field_ != Field::size || place_ != Place::masters) return fail("has a number for a text");
    if (value > Transport::kGroupMax) return fail("has a list of impossible length");
    size_ = static_cast<std::size_t>(value);
    return true;
  }
  bool number_float(number_float_t value, const string_t&) override {
    const bool is_whole = value >= 0 && value <= static_cast<double>(Transport::kGroupMax) &&
                          value == static_cast<double>(static_cast<std::size_t>(value));
    if (is_skipping()) return true;
    return is_whole ? number_unsigned(static_cast<number_unsigned_t>(value))
                    : fail("has a number that is no length");
  }
  bool binary(binary_t&) override { return fail("has binary data"); }

  bool string(string_t& text) override {
    if (is_skipping()) return true;
    const bool is_own = depth_ == 1 && place_ == Place::address;
    const bool is_entry = depth_ > 1 && field_ == Field::address;
    if (!is_own && !is_entry) return fail("has a text where it may not");
    Result<Address> address = Address::parse(text);
    if (!address) return fail("names what is no address");
    if (is_own) {
      structure_.address = std::move(*address);
      return has_address_ = true;
    }
    entry_ = std::move(*address);
    return true;
  }

  bool start_object(std::size_t) override {
    ++depth_;
    if (skipped_from_ != 0 || depth_ == 1) return true;
    if (field_ == Field::other) return skip();
    const bool is_in_list = is_list() && depth_ == 3 && is_in_array_;
    if (!is_in_list && (place_ != Place::backlink || depth_ != 2)) return fail("has an object");
    entry_ = Address();
    size_.reset();
    field_ = Field::none;
    return true;
  }
  bool key(string_t& name) override {
    if (skipped_from_ != 0) return true;
    if (depth_ == 1) {
      place_ = name == "address"    ? Place::address
               : name == "backlink" ? Place::backlink
               : name == "slaves"   ? Place::slaves
               : name == "masters"  ? Place::masters
                                    : Place::other;
      field_ = place_ == Place::other ? Field::other : Field::none;
    } else {
      field_ = name == "address"                            ? Field::address
               : name == "size" && place_ == Place::masters ? Field::size
                                                            : Field::other;
    }
    return true;
  }
  bool end_object() override {
    const std::size_t depth = depth_--;
    if (end_skip(depth) || depth == 1) return true;
    if (entry_.is_empty()) return fail("has an entry without an address");
    field_ = Field::none;
    if (place_ == Place::backlink) {
      structure_.backlink = std::move(entry_);
      return has_backlink_ = true;
    }
    if (place_ == Place::slaves) {
      structure_.slaves.push_back(std::move(entry_));
      return structure_.slaves.size() <= Transport::kGroupMax || fail("has too long a list");
    }
    if (!size_) return fail("has a master without a size");
    masters_.push_back({std::move(entry_), *size_});
    return masters_.size() <= Transport::kGroupMax || fail("has too long a list");
  }
  bool start_array(std::size_t) override {
    ++depth_;
    if (skipped_from_ != 0) return true;
    if (field_ == Field::other) return skip();
    if (!is_list() || depth_ != 2) return fail("has an array where it may not");
    (place_ == Place::slaves ? has_slaves_ : has_masters_) = true;
    if (place_ == Place::slaves) structure_.slaves.clear();  // of a key that comes twice
    if (place_ == Place::masters) masters_.clear();
    return is_in_array_ = true;
  }
  bool end_array() override {
    if (!end_skip(depth_--)) is_in_array_ = false;
    return true;
  }
  bool parse_error(std::size_t at, const std::string&, const Json::exception&) override {
    return fail("is no JSON at byte " + std::to_string(at));
  }

 private:
  enum class Place { none, address, backlink, slaves, masters, other };  ///< key of the whole
  enum class Field { none, address, size, other };                       ///< key of an entry

  bool fail(std::string why) {
    if (error_.empty()) error_ = std::move(why);
    return false;
  }
  [[nodiscard]] bool is_list() const { return place_ == Place::slaves || place_ == Place::masters; }
  /// Whether a plain value belongs to a key that is of no interest.
  [[nodiscard]] bool is_skipping() const { return skipped_from_ != 0 || field_ == Field::other; }
  bool skip() {
    skipped_from_ = depth_;
    return true;
  }
  /// Whether the object or array that ends at `depth` was passed over.
  bool end_skip(std::size_t depth) {
    if (skipped_from_ == 0) return false;
    if (depth == skipped_from_) skipped_from_ = 0;
    return true;
  }

  Structure structure_;
  MasterList::Entries masters_;
  std::string error_;
  std::size_t depth_ = 0;
  std::size_t skipped_from_ = 0;  ///< depth of what is passed over; 0: nothing is
  Place place_ = Place::none;
  Field field_ = Field::none;
  bool is_in_array_ = false;
  Address entry_;
  std::optional<std::size_t> size_;
  bool has_address_ = false;
  bool has_backlink_ = false;
  bool has_slaves_ = false;
  bool has_masters_ = false;
};

/// Addresses hold no character that JSON would escape.
void append_address(std::string& out, const Address& address) {
  out += kAddress;
  out += address.text();
  out += '"';
}

}  // namespace

bool Structure::has_slave(const Address& wanted) const {
  return std::find(slaves.begin(), slaves.end(), wanted) != slaves.end();
}

std::string structure_text(const PeerView& view, StructurePart part) {
  constexpr std::size_t kBytesOfEntry = 48;
  std::string out;
  out.reserve(128 + kBytesOfEntry * (view.slaves.size() + view.masters.size()));
  append_address(out, view.self);
  out += kBacklink;
  if (view.backlink) {
    append_address(out, *view.backlink);
    out += '}';
  } else {
    out += "null";
  }
  out += kSlaves;
  for (const Address& slave : view.slaves) {
    append_address(out, slave);
    out += "},";
  }
  if (!view.slaves.empty()) out.pop_back();
  out += kMasters;
  if (part == StructurePart::all && !view.masters.empty()) {
    for (const MasterEntry& master : view.masters) {
      append_address(out, master.address);
      out += kSize;
      out += std::to_string(master.size);
      out += "},";
    }
    out.pop_back();
  }
  out += "]}";
  return out;
}

Result<Structure> parse_structure(std::string_view text) {
  if (Structure structure; PlainReader(text).read(structure)) return structure;
  StructureReader reader;
  const bool is_json = read_json(text, reader);
  return reader.take(is_json);
}

}  // namespace spreadable
