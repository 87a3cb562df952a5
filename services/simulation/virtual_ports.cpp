// The ports that VirtualNetwork gives to one machine.
#include <utility>

#include "core/assert.h"
#include "services/simulation/virtual_network.h"

namespace spreadable {

class VirtualNetwork::NetworkTransport final : public Transport {
 public:
  NetworkTransport(VirtualNetwork& network, MachineId machine)
      : network_(network), machine_(machine) {}
  std::vector<Result<TransportReply>> request_group(
      std::span<const TransportRequest> requests, Deadline deadline,
      const std::function<void()>& meanwhile) override {
    return network_.ask(machine_, requests, deadline, meanwhile);
  }

 private:
  VirtualNetwork& network_;
  const MachineId machine_;
};

class VirtualNetwork::NetworkServer final : public Server {
 public:
  NetworkServer(VirtualNetwork& network, MachineId machine)
      : network_(network), machine_(machine) {}
  ~NetworkServer() override { SPREADABLE_ASSERT(!is_running_); }

  Result<void> start(const Listen& listen, RequestHandler& handler) override {
    Site& site = network_.sites_[machine_];
    if (site.handler) {
      return Error{Errc::io, "port " + std::to_string(listen.port) + " is taken", {}};
    }
    site.handler = &handler;
    site.port = listen.port;
    site.body_bytes_max = listen.body_bytes_max;
    port_ = listen.port;
    is_running_ = true;
    return {};
  }

  std::uint16_t port() const override { return port_; }

  void stop(Deadline deadline) override {
    if (!is_running_) return;
    is_running_ = false;
    network_.sites_[machine_].handler = nullptr;
    if (network_.sites_[machine_].handlers == 0) return;
    VirtualTime::Waiter drained(network_.time_, machine_);
    network_.sites_[machine_].draining = &drained;
    const TimePoint until = network_.sites_[machine_].clock->true_time_of(deadline.at());
    static_cast<void>(drained.wait(until));
    if (network_.sites_[machine_].handlers > 0) {
      network_.time_.cancel_waits(machine_);
      drained.join();
    }
    network_.sites_[machine_].draining = nullptr;
  }

 private:
  VirtualNetwork& network_;
  const MachineId machine_;
  std::uint16_t port_ = 0;
  bool is_running_ = false;
};

class VirtualNetwork::NetworkResolver final : public Resolver {
 public:
  NetworkResolver(const VirtualNetwork& network, MachineId machine)
      : network_(network), machine_(machine) {}
  Result<IpAddress> resolve(std::string_view host) override {
    return network_.resolve(machine_, host);
  }

 private:
  const VirtualNetwork& network_;
  const MachineId machine_;
};

std::unique_ptr<Transport> VirtualNetwork::make_transport(MachineId machine) {
  return std::make_unique<NetworkTransport>(*this, machine);
}

std::unique_ptr<Server> VirtualNetwork::make_server(MachineId machine) {
  return std::make_unique<NetworkServer>(*this, machine);
}

std::unique_ptr<Resolver> VirtualNetwork::make_resolver(MachineId machine) {
  return std::make_unique<NetworkResolver>(*this, machine);
}

}  // namespace spreadable
