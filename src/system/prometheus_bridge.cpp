#include <ltb/prometheus.hpp>

#include "exporter/store_collectable.hpp"
#include "system/monitoring_system_impl.hpp"

#include <utility>

namespace ltb {
namespace {

class SystemCollectable final : public prometheus::Collectable {
 public:
  explicit SystemCollectable(std::shared_ptr<core::MonitoringCore> core) : core_(std::move(core)) {}
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
    return exporter::collect(core_->store());
  }

 private:
  std::shared_ptr<core::MonitoringCore> core_;
};

}  // namespace

std::shared_ptr<prometheus::Collectable> make_collectable(MonitoringSystem& monitoring) {
  return std::make_shared<SystemCollectable>(detail::MonitoringSystemAccess::core(monitoring));
}

void add_collectable(MonitoringSystem& monitoring,
                     std::weak_ptr<prometheus::Collectable> collectable) {
  detail::MonitoringSystemAccess::exposition(monitoring).add(std::move(collectable));
}

}  // namespace ltb
