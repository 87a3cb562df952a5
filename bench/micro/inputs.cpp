#include "bench/micro/inputs.h"

#include <fmt/format.h>

#include "bench/support/actions.h"

namespace spreadable::bench {

Address address(std::size_t i) {
  return *Address::from_parts(fmt::format("10.0.{}.{}", i / 250, i % 250), 4000);
}

std::vector<Address> addresses(std::size_t count, std::size_t first) {
  std::vector<Address> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(address(first + i));
  return all;
}

MasterList masters(std::size_t count) {
  MasterList::Entries entries;
  for (const Address& one : addresses(count)) entries.push_back({one, count});
  return MasterList(std::move(entries));
}

PeerView view(std::size_t count) {
  return {.self = address(0),
          .masters = masters(count),
          .slaves = addresses(count, count),
          .backlink = address(1)};
}

std::vector<Reply> replies(std::size_t count, std::size_t records) {
  std::vector<Reply> all;
  for (const Address& one : addresses(count)) {
    all.push_back({one, records_answer(one.text(), records)});
  }
  return all;
}

}  // namespace spreadable::bench
