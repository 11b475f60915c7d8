// MonitoredProvider: the same answers and exceptions as the provider it wraps, and one record of
// each call.
#include <ltb/monitoring_system.hpp>
#include <ltb/provider.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ltb {
namespace {

class FakeProvider : public Provider {
 public:
  std::string name() const override { return "openai"; }
  CompletionResponse complete(const CompletionRequest& request) override {
    last_prompt = request.prompt;
    return on_complete();
  }
  std::vector<std::string> supported_models() const override { return {"gpt-4"}; }
  std::optional<std::uint64_t> max_context_length(std::string_view) const override { return 8192; }
  void validate_config() const override { throw std::invalid_argument("no key"); }
  std::uint64_t estimate_tokens(std::string_view text) const override { return text.size(); }

  std::function<CompletionResponse()> on_complete = [] {
    return CompletionResponse{.text = "hi",
                              .model = "gpt-4-0613",
                              .usage = TokenUsage{150, 75},
                              .cost = 0.0135,
                              .finish_reason = "stop",
                              .request_id = "chatcmpl-1"};
  };
  std::string last_prompt;
};

// Streams until it is told to stop.
class StreamingProvider : public FakeProvider {
 public:
  CompletionResponse stream(const CompletionRequest&, const StreamCallback& on_chunk) override {
    CompletionResponse response;
    const StreamChunk chunks[] = {{},  // a chunk with the role only
                                  {.text = "Hel"},
                                  {.reasoning = "thinking"},
                                  {.tool_call = true},
                                  {.text = "lo"}};
    for (const StreamChunk& chunk : chunks) {
      ++offered;
      if (!on_chunk(chunk)) {
        if (throws_when_cancelled) throw ProviderError(ErrorType::Network, "cut");
        response.finish_reason = "cancelled";
        return response;
      }
      response.text += chunk.text;
    }
    response.usage = TokenUsage{10, 5};
    return response;
  }
  int offered = 0;
  bool throws_when_cancelled = false;
};

template <typename Kind>
struct Watched {
  MonitoringSystem monitoring;
  std::shared_ptr<Kind> inner = std::make_shared<Kind>();
  MonitoredProvider provider{inner, monitoring};
  EventReceiver receiver = monitoring.event_bus().subscribe();

  ProviderStats stats() { return *monitoring.get_provider_stats("openai"); }
  std::vector<MonitoringEvent> events() {
    std::vector<MonitoringEvent> all;
    while (const auto received = receiver.try_receive()) all.push_back(*received->event);
    return all;
  }
};

const CompletionRequest kRequest{.model = "gpt-4", .prompt = "Hello"};

TEST(MonitoredProvider, CompletesLikeTheProviderAndRecordsTheCall) {
  Watched<FakeProvider> watched;

  const CompletionResponse reply = watched.provider.complete(kRequest);

  EXPECT_EQ(reply.text, "hi");
  EXPECT_EQ(reply.request_id, "chatcmpl-1");
  EXPECT_EQ(watched.inner->last_prompt, "Hello");
  EXPECT_EQ(watched.stats().successful_requests, 1u);
  EXPECT_EQ(watched.stats().total_input_tokens, 150u);
  EXPECT_EQ(watched.stats().total_cost_nano_usd, 13'500'000u);
  EXPECT_EQ(watched.stats().active_requests, 0u);
  const auto events = watched.events();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].request_payload()->model, "gpt-4") << "as asked for";
  EXPECT_EQ(events[1].request_payload()->finish_reason, "stop");
}

TEST(MonitoredProvider, AnswersEverythingElseLikeTheProvider) {
  Watched<FakeProvider> watched;

  EXPECT_EQ(watched.provider.name(), "openai");
  EXPECT_EQ(watched.provider.supported_models(), std::vector<std::string>{"gpt-4"});
  EXPECT_EQ(watched.provider.max_context_length("gpt-4"), 8192u);
  EXPECT_THROW(watched.provider.validate_config(), std::invalid_argument);
  EXPECT_EQ(watched.provider.estimate_tokens("12345"), 5u);
  EXPECT_EQ(watched.provider.inner(), watched.inner);
}

TEST(MonitoredProvider, CountsMissingUsageAndPrice) {
  Watched<FakeProvider> watched;
  watched.inner->on_complete = [] { return CompletionResponse{.text = "hi"}; };

  (void)watched.provider.complete(kRequest);

  const std::string text = watched.monitoring.render_prometheus();
  EXPECT_NE(text.find("llm_usage_missing_total{provider=\"openai\",model=\"gpt-4\"} 1\n"),
            std::string::npos);
  EXPECT_NE(text.find("llm_unpriced_requests_total{provider=\"openai\",model=\"gpt-4\"} 1\n"),
            std::string::npos);
  EXPECT_EQ(watched.events().at(1).request_payload()->tokens, std::nullopt) << "never a silent 0";
}

TEST(MonitoredProvider, RecordsAThrowOnceAndRethrowsItUnchanged) {
  Watched<FakeProvider> watched;
  const auto thrown = std::make_exception_ptr(ProviderError(ErrorType::RateLimit, "slow", "429"));
  watched.inner->on_complete = [&]() -> CompletionResponse { std::rethrow_exception(thrown); };
  std::exception_ptr caught;
  try {
    (void)watched.provider.complete(kRequest);
  } catch (...) {
    caught = std::current_exception();
  }

  EXPECT_EQ(caught, thrown);
  EXPECT_EQ(watched.stats().failed_requests, 1u);
  EXPECT_EQ(watched.stats().total_requests, 1u);
  EXPECT_EQ(watched.stats().active_requests, 0u);
  const auto events = watched.events();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].request_payload()->error_type, ErrorType::RateLimit);
  EXPECT_EQ(events[1].request_payload()->error_code, "429");
}

TEST(MonitoredProvider, CountsTheAttemptsBeforeAnErrorThatEndedTheCall) {
  Watched<FakeProvider> watched;
  watched.inner->on_complete = []() -> CompletionResponse {
    throw ProviderError(ErrorType::Overloaded, "busy", "", std::nullopt,
                        {{ErrorType::RateLimit, std::chrono::milliseconds{1500}},
                         {ErrorType::Network, std::chrono::milliseconds{500}}});
  };

  EXPECT_THROW(watched.provider.complete({.model = "gpt-4"}), ProviderError);

  const auto events = watched.events();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].request_payload()->attempts, 3u);
  EXPECT_EQ(watched.stats().failed_requests, 1u);
  const std::string text = watched.monitoring.render_prometheus();
  for (const char* type : {"overloaded", "rate_limit", "network"})
    EXPECT_NE(text.find("model=\"gpt-4\",outcome=\"error\",error_type=\"" + std::string(type) +
                        "\"} 1\n"),
              std::string::npos)
        << text;
  EXPECT_NE(text.find(R"(llm_retry_wait_seconds_total{provider="openai",model="gpt-4"} 2)"),
            std::string::npos)
      << text;
}

TEST(MonitoredProvider, HandsEveryChunkOnAndTimesThoseWithContent) {
  Watched<StreamingProvider> watched;
  std::vector<std::string> got;
  const CompletionResponse reply = watched.provider.stream(kRequest, [&](const StreamChunk& chunk) {
    got.emplace_back(chunk.text);
    return true;
  });

  EXPECT_EQ(reply.text, "Hello");
  EXPECT_EQ(got, (std::vector<std::string>{"", "Hel", "", "", "lo"}));
  EXPECT_EQ(watched.stats().time_to_first_token.count, 1u);
  EXPECT_EQ(watched.stats().inter_token_latency.count, 3u);
  EXPECT_EQ(watched.stats().successful_requests, 1u);
  EXPECT_EQ(watched.events().at(1).request_payload()->streamed, true);
}

// Streams once its first attempts are through, as providers that retry by themselves do.
class RetryingProvider : public FakeProvider {
 public:
  CompletionResponse stream(const CompletionRequest&, const StreamCallback& on_chunk) override {
    if (gives_up) throw ProviderError(ErrorType::Overloaded, "still busy", {}, {}, attempts);
    on_chunk({.text = "Hel"});
    const auto first = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() == first) {  // one tick, so that there is a pace
    }
    on_chunk({.text = "lo"});
    return {.text = "Hello", .usage = TokenUsage{10, 2}, .failed_attempts = attempts};
  }
  std::vector<FailedAttempt> attempts{{ErrorType::Overloaded, std::chrono::seconds{1}},
                                      {ErrorType::Overloaded, std::chrono::seconds{2}}};
  bool gives_up = false;
};

// Hands its chunks on late, and returns later still, but tells when they came.
class TimingProvider : public FakeProvider {
 public:
  CompletionResponse stream(const CompletionRequest&, const StreamCallback& on_chunk) override {
    const auto arrived = std::chrono::steady_clock::now();
    for (const char* text : {"Hel", "lo"}) {
      while (std::chrono::steady_clock::now() == arrived) {
      }
      on_chunk({.text = text, .arrived = arrived});
    }
    return {.text = "Hello", .completed_at = arrived};
  }
};

TEST(MonitoredProvider, TimesThatTheProviderTellsAreTaken) {
  Watched<TimingProvider> watched;

  watched.provider.stream(kRequest, {});

  EXPECT_EQ(watched.stats().inter_token_latency.count, 1u);
  EXPECT_NE(watched.monitoring.render_prometheus().find(
                "llm_inter_token_latency_seconds_sum{provider=\"openai\",model=\"gpt-4\"} 0\n"),
            std::string::npos)
      << "both came at once";
  const auto payload = *watched.events().at(1).request_payload();
  EXPECT_EQ(payload.latency, payload.time_to_first_token) << "complete with its only piece";
}

TEST(MonitoredProvider, RetriesOfTheProviderLeaveTheTimesOfTheStreamAlone) {
  Watched<RetryingProvider> watched;

  watched.provider.stream(kRequest, {});

  const auto events = watched.events();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].request_payload()->attempts, 3u);
  EXPECT_TRUE(events[1].request_payload()->time_per_output_token.has_value());
}

TEST(MonitoredProvider, RetriesOfAProviderThatGivesUpAreCounted) {
  Watched<RetryingProvider> watched;
  watched.inner->gives_up = true;

  EXPECT_THROW(watched.provider.stream(kRequest, {}), ProviderError);

  const auto events = watched.events();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].event_type, EventType::RequestFailed);
  EXPECT_EQ(events[1].request_payload()->attempts, 3u);
}

TEST(MonitoredProvider, StreamsWithoutACallback) {
  Watched<StreamingProvider> watched;

  EXPECT_EQ(watched.provider.stream(kRequest, {}).text, "Hello");
  EXPECT_EQ(watched.stats().successful_requests, 1u);
}

TEST(MonitoredProvider, FalseCancelsTheStreamAndCountsItAsCancelled) {
  Watched<StreamingProvider> watched;

  const CompletionResponse reply = watched.provider.stream(
      kRequest, [](const StreamChunk& chunk) { return chunk.text.empty(); });

  EXPECT_EQ(watched.inner->offered, 2);
  EXPECT_EQ(reply.finish_reason, "cancelled");
  EXPECT_EQ(watched.stats().cancelled_requests, 1u);
  EXPECT_EQ(watched.stats().failed_requests, 0u);
  EXPECT_EQ(watched.stats().active_requests, 0u);
}

TEST(MonitoredProvider, AProviderThatThrowsBecauseOfTheCancelDidNotFail) {
  Watched<StreamingProvider> watched;
  watched.inner->throws_when_cancelled = true;

  EXPECT_THROW((void)watched.provider.stream(kRequest, [](const StreamChunk&) { return false; }),
               ProviderError);
  EXPECT_EQ(watched.stats().cancelled_requests, 1u);
  EXPECT_EQ(watched.stats().failed_requests, 0u);
  EXPECT_EQ(watched.events().size(), 2u);
}

TEST(MonitoredProvider, AThrowingCallbackEndsTheCallOnceAndComesOutUnchanged) {
  Watched<StreamingProvider> watched;

  EXPECT_THROW((void)watched.provider.stream(
                   kRequest, [](const StreamChunk&) -> bool { throw std::logic_error("mine"); }),
               std::logic_error);
  EXPECT_EQ(watched.stats().total_requests, 1u);
  EXPECT_EQ(watched.stats().successful_requests, 0u);
  EXPECT_EQ(watched.stats().active_requests, 0u);
  EXPECT_EQ(watched.events().size(), 2u);
}

TEST(MonitoredProvider, StreamsAProviderThatCannotAsOneChunk) {
  Watched<FakeProvider> watched;
  std::vector<std::string> got;
  const CompletionResponse reply = watched.provider.stream(kRequest, [&](const StreamChunk& chunk) {
    got.emplace_back(chunk.text);
    return true;
  });

  EXPECT_EQ(reply.text, "hi");
  EXPECT_EQ(got, std::vector<std::string>{"hi"});
  EXPECT_EQ(watched.stats().total_requests, 1u);
  EXPECT_EQ(watched.stats().time_to_first_token.count, 0u) << "it came whole";
  EXPECT_EQ(watched.events().back().request_payload()->streamed, std::nullopt);
}

TEST(MonitoredProvider, OutlivesTheSystem) {
  const auto inner = std::make_shared<FakeProvider>();
  std::optional<MonitoringSystem> monitoring(std::in_place);
  MonitoredProvider provider(inner, *monitoring);
  (void)provider.complete(kRequest);
  monitoring.reset();

  EXPECT_EQ(provider.complete(kRequest).text, "hi");
  inner->on_complete = []() -> CompletionResponse { throw ProviderError(ErrorType::Auth, "no"); };
  EXPECT_THROW((void)provider.complete(kRequest), ProviderError);
}

TEST(MonitoredProvider, RefusesNull) {
  MonitoringSystem monitoring;
  EXPECT_THROW(MonitoredProvider(nullptr, monitoring), std::invalid_argument);
  const auto good = std::make_shared<FakeProvider>();
  try {
    (void)monitor_providers({good, nullptr}, monitoring);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "monitor_providers: provider 1 is null");
  }
  const auto all = monitor_providers({good, good}, monitoring);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1]->name(), "openai");
}

TEST(Provider, HasDefaultsForWhatItNeedNotKnow) {
  struct Plain : Provider {
    std::string name() const override { return "plain"; }
    CompletionResponse complete(const CompletionRequest&) override { return {}; }
  };
  const Plain plain;

  EXPECT_TRUE(plain.supported_models().empty());
  EXPECT_EQ(plain.max_context_length("x"), std::nullopt);
  EXPECT_NO_THROW(plain.validate_config());
  EXPECT_EQ(plain.estimate_tokens(""), 0u);
  EXPECT_EQ(plain.estimate_tokens("12345"), 2u);
}

}  // namespace
}  // namespace ltb
