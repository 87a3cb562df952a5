// services/net/detail/curl_loop.h: the thread that drives all outgoing sockets.
#pragma once

#include <array>
#include <atomic>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/mutex.h"
#include "services/net/curl_transport.h"
#include "services/net/detail/curl_easy.h"
#include "services/net/detail/curl_library.h"
#include "services/net/detail/exchange.h"
#include "services/net/detail/name_book.h"
#include "services/net/detail/name_lookups.h"
#include "services/net/detail/peer_slots.h"
#include "services/net/detail/poller.h"

namespace spreadable::detail {

/// Takes groups from callers, and settles their exchanges: each gets an address when its peer has a
/// name, waits for a connection slot, and is carried out by libcurl. libcurl says which sockets to
/// watch and when to be called again; the loop does no more than that.
///
/// Callers and look-ups leave word in the inbox; everything else belongs to the loop's own thread.
class CurlLoop {
 public:
  /// Starts the thread. Throws std::runtime_error when the system refuses what is needed. Requires:
  /// CurlLibrary has been loaded.
  CurlLoop(const Clock& clock, Resolver& resolver, const CurlTransport::Options& options);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  /// Starts `group`. Those of its exchanges that find no room are settled at once. Every call must
  /// be followed by one of leave(); the destructor waits for that.
  void submit(const std::shared_ptr<RequestGroup>& group);
  /// The caller goes. `unsettled` is its group when something of that may still be under way and is
  /// to be taken down, else nullptr.
  void leave(std::shared_ptr<RequestGroup> unsettled);

 private:
  struct NameAnswer {
    std::string name;
    Result<IpAddress> found;
  };
  struct Inbox {
    std::vector<std::shared_ptr<RequestGroup>> submitted;
    std::vector<std::shared_ptr<RequestGroup>> abandoned;
    std::vector<NameAnswer> names;

    [[nodiscard]] bool is_empty() const {
      return submitted.empty() && abandoned.empty() && names.empty();
    }
  };
  struct MultiDeleter {
    void operator()(CURLM* multi) const { curl().multi_cleanup(multi); }
  };

  void run();
  void poll();
  /// False when the loop is to end.
  [[nodiscard]] bool read_inbox();
  void start_waiting();
  [[nodiscard]] PeerSlots& slots_of(const Exchange& exchange);
  [[nodiscard]] std::size_t active() const;
  void run_libcurl_timer();
  /// Whether there was anything to finish.
  [[nodiscard]] bool read_finished();
  void cancel_all();

  void accept(const std::shared_ptr<RequestGroup>& group);
  void route(Exchange& exchange);
  void ask_for_name(Exchange& exchange);
  void name_arrived(const std::string& name, const Result<IpAddress>& found);
  void start(Exchange& exchange);
  void retry(Exchange& exchange);
  /// Sends `exchange` again, for an answer that is not compressed.
  void ask_plain(Exchange& exchange);
  /// Takes `exchange` from libcurl, which closes the connection unless the answer is complete.
  void take_down(Exchange& exchange);
  /// Ends all that is left of `group`.
  void drop(const std::shared_ptr<RequestGroup>& group, Errc code, const char* reason);
  /// Ends `exchange`, whatever state it is in. Neither it nor its group may be used after that.
  void finish(Exchange& exchange, Result<TransportReply> result);

  /// Changes the inbox by `change`, and wakes the loop if that was asleep.
  template <class Change>
  void leave_word(Change change) SPREADABLE_REQUIRES(mutex_);

  static int on_socket(CURL* handle, curl_socket_t fd, int what, void* loop, void* known);
  static int on_timer(CURLM* multi, long millis, void* loop);

  const Clock& clock_;
  const CurlTransport::Options options_;
  Poller poller_;
  std::atomic<std::size_t> exchanges_ = 0;  ///< submitted and not finished; grows under the mutex

  Mutex mutex_;
  Condition all_left_;
  Inbox inbox_ SPREADABLE_GUARDED_BY(mutex_);
  std::size_t callers_ SPREADABLE_GUARDED_BY(mutex_) = 0;
  bool is_stopping_ SPREADABLE_GUARDED_BY(mutex_) = false;

  // Of the loop's thread. The easy handles in `groups_` and `easies_` go before `multi_`.
  std::unique_ptr<CURLM, MultiDeleter> multi_;
  CurlEasyPool easies_;
  std::array<PeerSlots, kWorkClasses> slots_;  ///< by WorkClass
  NameBook names_;
  std::list<std::shared_ptr<RequestGroup>> groups_;  ///< with something under way
  TimePoint timer_due_ = TimePoint::max();           ///< when libcurl wants to be called anyway

  NameLookups lookups_;
  std::jthread thread_;
};

}  // namespace spreadable::detail
