#include <ltb/prometheus.hpp>

#include "exporter/store_collectable.hpp"
#include "system/monitoring_system_impl.hpp"

#include <utility>

namespace ltb {
namespace {

class SystemCollectable final : public prometheus::Collectable {
 public:
  explicit SystemCollectable(std::shared_ptr<detail::Recorder> recorder)
      : recorder_(std::move(recorder)) {}
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
    return exporter::collect(recorder_->store());
  }

 private:
  std::shared_ptr<detail::Recorder> recorder_;
};

}  // namespace

std::shared_ptr<prometheus::Collectable> make_collectable(MonitoringSystem& monitoring) {
  return std::make_shared<SystemCollectable>(detail::recorder_of(monitoring));
}

void add_collectable(MonitoringSystem& monitoring,
                     std::weak_ptr<prometheus::Collectable> collectable) {
  detail::MonitoringSystemAccess::impl(monitoring).exposition().add(std::move(collectable));
}

}  // namespace ltb
