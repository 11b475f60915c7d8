// Everything of ltb-monitoring. The opt-in bridges (ltb/asio.hpp, ltb/json.hpp,
// ltb/prometheus.hpp) stay apart: they show another library's types.
#pragma once

#include <ltb/benchmark_run.hpp>
#include <ltb/collector.hpp>
#include <ltb/config.hpp>
#include <ltb/error_type.hpp>
#include <ltb/event.hpp>
#include <ltb/event_bus.hpp>
#include <ltb/llm_reply.hpp>
#include <ltb/metric.hpp>
#include <ltb/monitored.hpp>
#include <ltb/monitoring_system.hpp>
#include <ltb/price_table.hpp>
#include <ltb/provider.hpp>
#include <ltb/request_scope.hpp>
#include <ltb/usage.hpp>
#include <ltb/version.hpp>
