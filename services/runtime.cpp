#include "services/runtime.h"

#include <stdexcept>
#include <utility>

#include "services/default_services.h"
#include "services/http/http_server.h"
#include "services/http/loop_waits.h"
#include "services/net/system_resolver.h"
#include "services/pages/client_script.h"
#include "services/storage/memory_database.h"
#include "services/storage/sqlite_database.h"
#include "services/storage/storage_lock.h"
#include "services/system/process_load.h"
#include "services/system/spdlog_logger.h"
#include "services/system/system_clock.h"
#include "services/system/system_random.h"

namespace spreadable {
namespace {

/// A database in a folder that stays locked as long as it is open.
class LockedDatabase final : public Database {
 public:
  LockedDatabase(StorageLock lock, std::unique_ptr<Database> database)
      : lock_(std::move(lock)), database_(std::move(database)) {}
  DataStore& data() override { return database_->data(); }
  PeerStore& peers() override { return database_->peers(); }
  BanStore& bans() override { return database_->bans(); }
  CacheStore& cache() override { return database_->cache(); }

 private:
  const StorageLock lock_;  // released after the database is closed
  const std::unique_ptr<Database> database_;
};

template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

std::filesystem::path storage_folder(const NodeOptions& options) {
  if (!options.storage.path.empty()) return options.storage.path;
  return std::filesystem::current_path() / options.kind /
         ("storage-" + std::to_string(options.port));
}

std::unique_ptr<Database> open_database(const NodeOptions& options, Logger& logger) {
  if (options.storage.path == Runtime::kNoStorage) return std::make_unique<MemoryDatabase>();
  if (options.port == 0) throw std::runtime_error("option \"port\": a node needs a port");
  const std::filesystem::path folder = storage_folder(options);
  StorageLock lock = value_or_throw(StorageLock::acquire(folder));
  auto database = value_or_throw(SqliteDatabase::open(folder, logger));
  return std::make_unique<LockedDatabase>(std::move(lock), std::move(database));
}

std::unique_ptr<Logger> open_logger(const Clock& clock, const NodeOptions& options) {
  const NodeOptions::Logging& logging = options.logger;
  LoggerOptions out{.level = logging.level, .console = std::nullopt, .file = std::nullopt};
  if (logging.console.is_enabled) out.console = logging.console.level;
  if (logging.file.is_enabled) {
    const bool has_folder = !logging.file.folder.empty();
    out.file = SpdlogLogger::File{
        .folder = has_folder ? logging.file.folder : storage_folder(options) / "logs",
        .level = logging.file.level,
        .files_max = logging.file.files_count,
        .file_bytes_max = static_cast<std::size_t>(logging.file.file_bytes_max)};
  }
  return value_or_throw(make_logger(clock, out));
}

/// Trusted peers are known by ip here: a connection comes without a name.
HttpServer::Options server_options(const NodeOptions& options) {
  const NodeOptions::Sources& sources = options.server.sources;
  HttpServer::Options server;
  server.sources = {.connections_per_machine = sources.connections_per_ip,
                    .connections_per_group = sources.connections_per_group,
                    .client_requests_per_second = sources.client_requests_per_second,
                    .includes_local = sources.includes_local};
  for (const std::string& item : options.network.trustlist) {
    const auto address = Address::parse(item);
    const auto ip = IpAddress::parse(address ? address->host() : item);
    if (ip) server.sources.exempt.insert(*ip);
  }
  for (const std::string& proxy : options.server.proxies) {
    if (const auto ip = IpAddress::parse(proxy)) server.sources.proxies.push_back(*ip);
  }
  return server;
}

}  // namespace

Runtime::Runtime() : Runtime(Options{}) {}

Runtime::Runtime(Options options)
    : clock_(std::make_shared<const SystemClock>(options.wall_offset)),
      logger_(SpdlogLogger::to_console(*clock_, LogLevel::warn)),
      random_(std::make_shared<SystemRandom>()),
      resolver_(std::make_shared<SystemResolver>(*clock_)),
      curl_(std::make_unique<CurlTransport>(*clock_, *resolver_, options.transport)),
      loop_(std::make_unique<EventLoop>(*clock_, options.server)),
      transport_(std::make_shared<MuxTransport>(
          MuxTransport::Ports{*clock_, *loop_, *resolver_, *curl_}, options.shared_connections)),
      scheduler_(std::make_shared<ThreadScheduler>(*clock_, *logger_, options.scheduler)),
      load_(std::make_shared<ProcessLoad>(*clock_)),
      memory_(std::make_shared<AnswerMemory>(std::make_unique<LoopWaits>(*clock_))),
      workers_(std::make_unique<WorkerPool>(options.workers)) {}

Runtime::~Runtime() = default;

Environment Runtime::environment(const NodeOptions& options, std::shared_ptr<Logger> logger) {
  Environment environment;
  environment.clock = clock_;
  environment.random = random_;
  environment.transport = transport_;
  environment.scheduler = scheduler_;
  environment.resolver = resolver_;
  environment.memory = memory_;
  environment.logger = logger ? std::move(logger) : open_logger(*clock_, options);
  environment.server = std::make_unique<HttpServer>(*loop_, *workers_, server_options(options));
  environment.database = open_database(options, *environment.logger);
  if (options.storage.path != kNoStorage) environment.storage_folder = storage_folder(options);
  if (const auto ip = local_ip()) environment.default_hostname = ip->text();
  environment.availability = [load = load_] { return load->availability(); };
  environment.pages = {{"/client.js", "text/javascript; charset=utf-8", client_script()}};
  environment.services = default_services(options, structures_);
  return environment;
}

}  // namespace spreadable
