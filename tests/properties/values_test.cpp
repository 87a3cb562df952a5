// Values that travel as text come back as they were.
#include <arpa/inet.h>  // structure-ok: inet_pton reads text; it opens no socket

#include <algorithm>
#include <cctype>

#include "core/base64.h"
#include "core/detail/option_values.h"
#include "core/http.h"
#include "core/ip.h"
#include "core/units.h"
#include "tests/properties/generators.h"
#include "tests/properties/property.h"

namespace spreadable {

TEST_CASE("values: addresses: any valid host with any port is read back, and is one address") {
  holds([] {
    const std::string host = *generate::host();
    const auto port = *rc::gen::arbitrary<std::uint16_t>();
    RC_ASSERT(is_valid_host(host));
    const Result<Address> address = Address::from_parts(host, port);
    RC_ASSERT(address.has_value());
    RC_ASSERT(*Address::parse(address->text()) == *address);
    RC_ASSERT(*Address::from_parts(address->host(), address->port()) == *address);
    RC_ASSERT(address->port() == port);
    RC_ASSERT(std::hash<Address>{}(*Address::parse(address->text())) ==
              std::hash<Address>{}(*address));
  });
}

TEST_CASE("values: addresses: their order is that of their texts") {
  holds([] {
    const Address a = *Address::from_parts(*generate::host(), *rc::gen::arbitrary<std::uint16_t>());
    const Address b = *Address::from_parts(*generate::host(), *rc::gen::arbitrary<std::uint16_t>());
    RC_ASSERT((a < b) == (a.text() < b.text()));
    RC_ASSERT((a == b) == (a.text() == b.text()));
    RC_ASSERT((a < b) + (b < a) + (a == b) == 1);
  });
}

TEST_CASE("values: addresses: one that lacks or has gained a character is refused or another one") {
  holds([] {
    const Address address = *Address::from_parts(*generate::host(), 4000);
    std::string text = address.text();
    const auto place = *rc::gen::inRange<std::size_t>(0, text.size());
    if (*rc::gen::arbitrary<bool>()) {
      text.erase(place, 1);
    } else {
      text.insert(place, 1, *rc::gen::elementOf(std::string(" \n@/#?%\"\\[]")));
      RC_ASSERT(!Address::parse(text).has_value());
    }
    const Result<Address> other = Address::parse(text);
    const bool is_v6 = text.starts_with('[');  // whose groups may be written shorter
    RC_ASSERT((!other.has_value() || is_v6 || *other != address));
  });
}

TEST_CASE("values: ips: neighbours share a group, and a network keeps no more than it says") {
  holds([] {
    const auto bytes =
        *rc::gen::container<std::vector<std::uint8_t>>(4, rc::gen::arbitrary<std::uint8_t>());
    const auto text = [&](int last) {
      return std::to_string(bytes[0]) + "." + std::to_string(bytes[1]) + "." +
             std::to_string(bytes[2]) + "." + std::to_string(last);
    };
    const auto ip = IpAddress::parse(text(bytes[3]));
    RC_ASSERT(ip.has_value());
    RC_ASSERT(ip->text() == text(bytes[3]));
    RC_ASSERT(IpAddress::parse(ip->full_text()) == ip);
    RC_ASSERT(ip->group() == IpAddress::parse(text(0))->group());
    RC_ASSERT(ip->network(3, 6) == *IpAddress::parse(text(0)));
    RC_ASSERT((!(ip->is_public() && ip->is_private())));
  });
}

TEST_CASE("values: ips: four numbers are read as inet_pton reads them") {
  holds([] {
    // Of four numbers one, or what follows them, may be wrong.
    const auto wrong = *rc::gen::inRange(-2, 5);
    std::string text;
    for (int i = 0; i < 4; ++i) {
      text += i == wrong ? *rc::gen::elementOf(std::vector<std::string>{
                               "", "00", "01", "256", "300", "1000", "-1", "+1", " 1", "a", "1.1"})
                         : std::to_string(*rc::gen::inRange(0, 256));
      if (i < 3) text += '.';
    }
    if (wrong == 4) text += *rc::gen::elementOf(std::string(". 0a"));
    in_addr expected{};
    const bool is_good = inet_pton(AF_INET, text.c_str(), &expected) == 1;
    const auto ip = IpAddress::parse(text);
    RC_ASSERT(ip.has_value() == is_good);
    if (is_good) RC_ASSERT(IpAddress::parse("::ffff:" + text) == ip);
  });
}

TEST_CASE("values: json: what is written is read back") {
  holds([] {
    const Json value = *generate::json();
    const std::string text = dump_json(value);
    const Result<Json> read = parse_json(text);
    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == value);
    RC_ASSERT(dump_json(*read) == text);
  });
}

TEST_CASE("values: base64: any bytes are read back, also without padding") {
  holds([](const std::string& bytes) {
    std::string text = base64_encode(bytes);
    RC_ASSERT(text.size() == (bytes.size() + 2) / 3 * 4);
    RC_ASSERT(base64_decode(text) == bytes);
    while (!text.empty() && text.back() == '=') text.pop_back();
    RC_ASSERT(base64_decode(text) == bytes);
  });
}

TEST_CASE("values: times: the exact text of any span is read back, in any case and with spaces") {
  holds([] {
    const auto limit = kDurationMax.count();
    const Millis span{*rc::gen::inRange<Millis::rep>(-limit, limit + 1)};
    std::string text = detail::time_text(span);
    RC_ASSERT(*parse_duration(text) == span);
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    text.insert(std::find_if(text.begin(), text.end(), [](char c) { return c >= 'A'; }), ' ');
    RC_ASSERT(*parse_duration(text) == span);
  });
}

TEST_CASE("values: times: the short text is within half of its unit") {
  holds([] {
    const Millis span{*rc::gen::inRange<Millis::rep>(-100'000'000'000, 100'000'000'000)};
    const Millis read = *parse_duration(format_duration(span));
    const Millis unit =
        std::chrono::abs(span) >= std::chrono::days{1}      ? std::chrono::days{1}
        : std::chrono::abs(span) >= std::chrono::hours{1}   ? std::chrono::hours{1}
        : std::chrono::abs(span) >= std::chrono::minutes{1} ? std::chrono::minutes{1}
        : std::chrono::abs(span) >= std::chrono::seconds{1} ? std::chrono::seconds{1}
                                                            : Millis{0};
    RC_ASSERT(std::chrono::abs(read - span) * 2 <= unit);
  });
}

TEST_CASE("values: sizes: the exact text is read back, the short one is near") {
  holds([] {
    const auto bytes = *rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << 50);
    RC_ASSERT(*parse_size(detail::size_text(bytes)) == bytes);
    const std::uint64_t read = *parse_size(format_size(bytes));
    const std::uint64_t off = std::max(read, bytes) - std::min(read, bytes);
    RC_ASSERT(off * 200 <= bytes);  // half of the second decimal
  });
}

TEST_CASE("values: headers: a name is found in any case, and set once") {
  holds([] {
    Headers headers;
    const auto names = *rc::gen::container<std::vector<std::string>>(generate::label());
    for (const std::string& name : names) headers.add(name, name);
    for (std::string name : names) {
      for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      RC_ASSERT(headers.find(name).has_value());
      headers.set(name, "new");
      RC_ASSERT(*headers.find(name) == "new");
      const auto same = std::count_if(headers.begin(), headers.end(),
                                      [&](const auto& field) { return field.name == name; });
      RC_ASSERT(same == 1);
    }
  });
}

}  // namespace spreadable
