#include "services/net/system_resolver.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "services/net/detail/socket_address.h"

namespace spreadable {
namespace {

Error no_address(const std::string& name) {
  return {.code = Errc::not_found, .message = "no address for " + name};
}

}  // namespace

SystemResolver::SystemResolver(const Clock& clock)
    : SystemResolver(clock, Options{}, system_look_up) {}

SystemResolver::SystemResolver(const Clock& clock, Options options, LookUp look_up)
    : clock_(clock), options_(options), look_up_(std::move(look_up)) {}

Result<IpAddress> SystemResolver::resolve(std::string_view host) {
  if (host == "localhost") return IpAddress::loopback();
  if (const auto literal = IpAddress::parse(host)) return *literal;
  if (host.empty() || host.size() > kNameBytesMax || host.find('\0') != std::string_view::npos) {
    return Error{
        .code = Errc::invalid_argument,
        .message = "not a host name: \"" + std::string(host.substr(0, kNameBytesMax)) + "\""};
  }
  const std::string name(host);
  if (auto known = answer_or_claim(name)) return std::move(*known);
  Result<IpAddress> found = look_up_(name);
  // A foreign name that leads to this machine itself would get past filters meant for strangers.
  if (found && found->is_loopback()) found = no_address(name);
  return store(name, std::move(found));
}

std::optional<Result<IpAddress>> SystemResolver::answer_or_claim(const std::string& name) {
  const MutexLock lock(mutex_);
  for (;;) {
    const auto entry = entries_.find(name);
    const bool is_known = entry != entries_.end();
    if (is_known && is_fresh(entry->second)) return answer(entry->second);
    if (under_way_.insert(name).second) return std::nullopt;
    if (is_known && has_last_good(entry->second)) return *entry->second.last_good;
    look_up_ended_.wait(mutex_);
  }
}

Result<IpAddress> SystemResolver::store(const std::string& name, Result<IpAddress> found) {
  const MutexLock lock(mutex_);
  under_way_.erase(name);
  look_up_ended_.notify_all();
  Entry& entry = touch(name);
  entry.asked_at = clock_.now();
  if (found) {
    entry.last_good = *found;
    entry.found_at = entry.asked_at;
    entry.failure.reset();
  } else {
    entry.failure = found.error();
  }
  return answer(entry);
}

bool SystemResolver::is_fresh(const Entry& entry) const {
  const Duration lifetime = entry.failure ? options_.failure_lifetime : options_.lifetime;
  return clock_.now() - entry.asked_at < lifetime;
}

bool SystemResolver::has_last_good(const Entry& entry) const {
  return entry.last_good && clock_.now() - entry.found_at < options_.last_good_lifetime;
}

Result<IpAddress> SystemResolver::answer(const Entry& entry) const {
  if (!entry.failure || has_last_good(entry)) return *entry.last_good;
  return *entry.failure;
}

SystemResolver::Entry& SystemResolver::touch(const std::string& name) {
  const auto [place, is_new] = entries_.try_emplace(name);
  Entry& entry = place->second;
  if (is_new) {
    entry.place = by_age_.insert(by_age_.end(), name);
  } else {
    by_age_.splice(by_age_.end(), by_age_, entry.place);
  }
  // The one just touched stands last and is not the oldest, unless it is the only one.
  while (entries_.size() > options_.names_max && entries_.size() > 1) {
    entries_.erase(by_age_.front());
    by_age_.pop_front();
  }
  return entry;
}

Result<IpAddress> system_look_up(const std::string& name) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int status = ::getaddrinfo(name.c_str(), nullptr, &hints, &list);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(status == 0 ? list : nullptr,
                                                                   &::freeaddrinfo);
  if (status == EAI_NONAME || status == EAI_NODATA) return no_address(name);
  if (status != 0) {
    const std::string reason =
        status == EAI_SYSTEM ? std::generic_category().message(errno) : ::gai_strerror(status);
    return Error{.code = Errc::unreachable, .message = "cannot look up " + name + ": " + reason};
  }
  for (const addrinfo* item = list; item != nullptr; item = item->ai_next) {
    if (const auto ip = detail::ip_of(item->ai_addr)) return *ip;
  }
  return no_address(name);
}

std::optional<IpAddress> local_ip() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return std::nullopt;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  std::optional<IpAddress> last;
  for (const ifaddrs* item = list; item != nullptr; item = item->ifa_next) {
    const bool is_usable = (item->ifa_flags & IFF_UP) != 0 && (item->ifa_flags & IFF_LOOPBACK) == 0;
    if (!is_usable || item->ifa_addr == nullptr || item->ifa_addr->sa_family != AF_INET) continue;
    if (const auto ip = detail::ip_of(item->ifa_addr)) last = ip;
  }
  return last;
}

}  // namespace spreadable
