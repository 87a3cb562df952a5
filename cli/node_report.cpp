#include "cli/node_report.h"

#include <fmt/format.h>

#include "cli/output.h"
#include "services/runtime.h"

namespace spreadable::cli {

void NodeReport::watch(Node& node) {
  for (const Event event : {Event::registered, Event::size_changed}) {
    node.on(event, [this](const EventInfo& info) { note(info); });
  }
}

void NodeReport::begin(const Node& node) {
  address_ = node.address().text();
  const std::string storage = node.options().storage.path.string();
  const bool is_kept = storage != Runtime::kNoStorage;
  show(
      fmt::format("node {} is serving, {}", address_,
                  is_kept ? "storage in " + storage : "nothing is kept over a restart"),
      {{"event", "serving"}, {"address", address_}, {"storage", is_kept ? Json(storage) : Json()}});
  thread_ = std::thread([this] { loop(); });
}

void NodeReport::end() {
  end_thread();
  show(fmt::format("node {} has stopped", address_), {{"event", "stopped"}});
}

void NodeReport::note(const EventInfo& info) {
  {
    const MutexLock lock(mutex_);
    if (info.event == Event::registered) {
      now_.master = info.peer.text();
      ++now_.registrations;
    }
    now_.size = info.size;
  }
  changed_.notify_one();
}

void NodeReport::loop() {
  State shown;
  for (;;) {
    State now;
    {
      const MutexLock lock(mutex_);
      while (now_ == shown && !is_ending_) changed_.wait(mutex_);
      if (now_ == shown) return;
      now = now_;
    }
    show_change(shown, now);
    shown = now;
  }
}

void NodeReport::show_change(const State& before, const State& now) const {
  if (now.registrations != before.registrations) {
    show("registered with " + now.master, {{"event", "registered"}, {"master", now.master}});
  }
  if (now.size != before.size) {
    show(fmt::format("the network has {}", count_of(now.size, "node")),
         {{"event", "size"}, {"networkSize", now.size}});
  }
}

void NodeReport::show(std::string_view text, const Json& json) const {
  print_line(is_json_ ? json_text(json) : std::string(text));
}

void NodeReport::end_thread() {
  {
    const MutexLock lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

}  // namespace spreadable::cli
