// services/simulation/virtual_network.h: the Transport, Server and Resolver ports of a simulation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/ip.h"
#include "core/resolver.h"
#include "core/server.h"
#include "core/transport.h"
#include "services/simulation/link_model.h"
#include "services/simulation/virtual_clock.h"
#include "services/simulation/virtual_time.h"

namespace spreadable {
namespace detail {
struct VirtualExchange;
struct VirtualExchangeGroup;
class VirtualExchangeTable;
class Outages;
}  // namespace detail

/// How a machine goes down.
enum class Death {
  process,  ///< the program ends; its machine refuses connections from then on
  machine,  ///< the power goes: packets to it vanish, and so does what it had not synced
};

/// Joins the machines of a simulation: requests travel as values, never as text of HTTP, and take
/// the time that a LinkModel says. What can go wrong is set by method, at any time, and is over
/// when it is taken back. Messages that are cut off are sent again as TCP does, so that what is
/// under way when a cut is healed may still arrive in time. For one thread.
class VirtualNetwork final : private EventSink {
 public:
  /// What has passed so far.
  struct Counters {
    std::uint64_t requests = 0;  ///< delivered to a node
    std::uint64_t bytes = 0;  ///< of requests and answers delivered, heads included, uncompressed
  };

  VirtualNetwork(VirtualTime& time, std::uint64_t seed);
  ~VirtualNetwork() override;

  /// Status of an answer that is none: a handler that gives it leaves whoever has asked waiting.
  static constexpr int kNoAnswer = 0;

  /// Puts a machine on the network; `clock` is the one by which its deadlines are meant. Several
  /// may have one ip, each with the one port on which its node will listen: processes of one
  /// computer, which share nothing else. Requires: no other machine has `ip` with this `port`.
  void attach(MachineId machine, const IpAddress& ip, std::uint16_t port,
              const VirtualClock& clock);
  /// Lets `name` stand for the machine.
  void add_name(std::string name, MachineId machine);

  // The ports of one machine. The network outlives them.
  [[nodiscard]] std::unique_ptr<Transport> make_transport(MachineId machine);
  [[nodiscard]] std::unique_ptr<Server> make_server(MachineId machine);
  [[nodiscard]] std::unique_ptr<Resolver> make_resolver(MachineId machine);

  void set_conditions(const NetworkConditions& conditions) { links_.set(conditions); }
  [[nodiscard]] const NetworkConditions& conditions() const { return links_.conditions(); }

  /// From now on nothing gets from any of `from` to any of `to`; the other way stays as it is.
  void cut_one_way(std::span<const MachineId> from, std::span<const MachineId> to);
  /// Neither way.
  void cut(std::span<const MachineId> some, std::span<const MachineId> others);
  /// Takes all cuts back.
  void heal();
  /// What one machine sends to the other and would arrive before `until`, arrives then.
  void clog(MachineId from, MachineId to, TimePoint until);
  /// Takes all clogs back; what they hold already arrives when they said.
  void unclog();
  /// The machine takes that long to work on a request, one after the other; zero: no time at all.
  void set_slow(MachineId machine, Duration for_each_request);
  /// Whether the machine can look names up. Texts of addresses and `localhost` need no looking up.
  void set_dns(MachineId machine, bool is_working);

  /// The machine's server is gone, and with it the answers that it owed; call before
  /// VirtualTime::halt.
  void take_down(MachineId machine, Death death);
  /// The machine is there again; a server may start.
  void bring_up(MachineId machine);

  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  class NetworkTransport;
  class NetworkServer;
  class NetworkResolver;
  using Group = detail::VirtualExchangeGroup;
  using Exchange = detail::VirtualExchange;

  /// One machine as the network sees it.
  struct Site {
    IpAddress ip;
    const VirtualClock* clock = nullptr;
    RequestHandler* handler = nullptr;  ///< of the server that runs there
    std::uint16_t port = 0;
    bool has_neighbours = false;  ///< its ip is others' as well
    std::size_t body_bytes_max = 0;
    bool is_powered = true;
    bool has_dns = true;
    Duration slowness{};
    TimePoint busy_until{};
    std::uint32_t incarnation = 0;            ///< grows when the machine goes down
    std::uint32_t handlers = 0;               ///< requests at work
    VirtualTime::Waiter* draining = nullptr;  ///< told when there are none left
  };
  struct Connection {
    TimePoint used_at;
    std::uint32_t incarnations;  ///< of both ends together
  };
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Directory = std::unordered_map<std::string, MachineId, TextHash, std::equal_to<>>;

  void on_event(std::uint64_t argument) override;

  [[nodiscard]] std::vector<Result<TransportReply>> ask(MachineId from,
                                                        std::span<const TransportRequest> requests,
                                                        Deadline deadline,
                                                        const std::function<void()>& meanwhile);
  void send(MachineId from, Group& group, std::size_t slot, const TransportRequest& request);
  void launch(Exchange&& prepared);
  [[nodiscard]] Result<MachineId> find(MachineId from, const Address& address) const;
  [[nodiscard]] MachineId at_port(MachineId place, std::uint16_t port) const;
  [[nodiscard]] Result<IpAddress> resolve(MachineId from, std::string_view host) const;

  // Steps of an exchange.
  [[nodiscard]] bool is_held_up(std::uint64_t handle, Exchange& exchange);
  void deliver_request(std::uint64_t handle, Exchange& exchange);
  void begin(std::uint64_t handle, Exchange& exchange);
  void serve(std::uint64_t handle, RequestHandler& handler);
  void answer(std::uint64_t handle, Exchange& exchange, HttpResponse response);
  void deliver_reply(std::uint64_t handle, Exchange& exchange);
  void refuse(std::uint64_t handle, Exchange& exchange);
  void settle(std::uint64_t handle, Exchange& exchange, Result<TransportReply> result);

  [[nodiscard]] bool is_open(MachineId from, MachineId to) const;
  void keep_open(MachineId from, MachineId to);
  void note(const Exchange& exchange, std::string_view body);

  VirtualTime& time_;
  std::unique_ptr<Random> random_;
  LinkModel links_;
  std::unique_ptr<detail::Outages> outages_;
  std::vector<Site> sites_;     ///< by machine
  Directory machines_by_ip_;    ///< the first one at each ip
  Directory machines_by_port_;  ///< those at an ip that several have, by `ip port`
  Directory machines_by_name_;
  std::unique_ptr<detail::VirtualExchangeTable> exchanges_;
  std::unordered_map<std::uint64_t, Connection> connections_;
  std::size_t connections_to_sweep_at_;
  Counters counters_;
};

}  // namespace spreadable
