#include "services/net/detail/name_lookups.h"

#include <pthread.h>

#include <system_error>
#include <utility>

namespace spreadable::detail {

NameLookups::NameLookups(Resolver& resolver, Limits limits, Done done)
    : resolver_(resolver), limits_(limits), done_(std::move(done)) {}

NameLookups::~NameLookups() {
  std::vector<std::jthread> threads;  // joined at the end of the scope
  const MutexLock lock(mutex_);
  is_stopping_ = true;
  threads.swap(threads_);
  wake_.notify_all();
}

bool NameLookups::ask(const std::string& name) {
  const MutexLock lock(mutex_);
  if (names_.size() >= limits_.names_max) return false;
  names_.push_back(name);
  if (names_.size() > idle_ && threads_.size() < limits_.threads_max) {
    try {
      threads_.emplace_back([this] { work(); });
      ::pthread_setname_np(threads_.back().native_handle(), "spread-names");
    } catch (const std::system_error&) {
      if (!threads_.empty()) return true;  // those there are will come to it
      names_.pop_back();
      return false;
    }
  }
  wake_.notify_one();
  return true;
}

void NameLookups::work() {
  mutex_.lock();
  while (!is_stopping_) {
    if (names_.empty()) {
      ++idle_;
      wake_.wait(mutex_);
      --idle_;
      continue;
    }
    std::string name = std::move(names_.front());
    names_.pop_front();
    mutex_.unlock();
    Result<IpAddress> found = resolver_.resolve(name);
    done_(std::move(name), std::move(found));
    mutex_.lock();
  }
  mutex_.unlock();
}

}  // namespace spreadable::detail
