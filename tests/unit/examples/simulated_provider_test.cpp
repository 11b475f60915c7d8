// The invented providers: the same run for the same seed, on any number of threads, without waiting
// here.

#include "simulated_provider.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <thread>
#include <tuple>

#include "random.hpp"
#include "scoring.hpp"

namespace {

using namespace llm_benchmark;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

/// What one call came to: text or error, cost, and how long it said it would take.
using Outcome = std::tuple<std::string, double, nanoseconds>;

std::vector<Question> questions() {
  std::vector<Question> questions;
  for (int i = 0; i < 20; ++i) {
    questions.push_back({std::to_string(i), "Prompt number " + std::to_string(i), {"Paris"}});
  }
  return questions;
}

thread_local nanoseconds waited{};
thread_local std::vector<nanoseconds> waits{};  // Of the call that runs; for streams.

bool note_wait(nanoseconds time) {
  waited = time;
  waits.push_back(time);
  return true;
}

Outcome call(SimulatedProvider& provider, const std::string& prompt) {
  try {
    const auto response = provider.complete({.model = "m", .prompt = prompt});
    return {response.text, response.cost.value_or(-1), waited};
  } catch (const ltb::ProviderError& error) {
    return {std::string(to_string(error.type())), 0, waited};
  }
}

std::vector<Outcome> calls_on_threads(std::uint64_t seed, unsigned threads) {
  const auto asked = questions();
  SimulatedProvider provider(default_simulated_models().front(), asked, seed, note_wait);
  std::vector<std::vector<Outcome>> outcomes(threads);
  {
    std::vector<std::jthread> workers;
    for (unsigned t = 0; t < threads; ++t) {
      workers.emplace_back([&, t] {
        for (std::size_t i = t; i < 2000; i += threads) {
          outcomes[t].push_back(call(provider, asked[i % asked.size()].prompt));
        }
      });
    }
  }
  std::vector<Outcome> all;
  for (const auto& part : outcomes) all.insert(all.end(), part.begin(), part.end());
  std::ranges::sort(all);
  return all;
}

TEST(SimulatedProvider, TheSameSeedGivesTheSameRunOnAnyNumberOfThreads) {
  const auto on_one = calls_on_threads(7, 1);

  EXPECT_EQ(on_one.size(), 2000U);
  EXPECT_EQ(calls_on_threads(7, 4), on_one);
  EXPECT_NE(calls_on_threads(8, 1), on_one);
}

TEST(SimulatedProvider, ANeighbouringSeedIsAnotherRunAndNotAShiftedOne) {
  const auto costs_of = [](std::uint64_t seed) {
    SimulatedProvider provider(default_simulated_models().front(), {}, seed, note_wait);
    std::vector<double> costs;
    for (int i = 0; i < 200; ++i) costs.push_back(std::get<double>(call(provider, "One prompt")));
    return costs;
  };
  const std::vector<double> first = costs_of(1);
  const std::vector<double> second = costs_of(2);

  // The n-th call of one seed, and of the next one a call earlier or later.
  int same = 0;
  for (std::size_t i = 0; i + 1 < first.size(); ++i) {
    same += first[i + 1] == second[i] ? 1 : 0;
    same += first[i] == second[i + 1] ? 1 : 0;
  }
  EXPECT_LT(same, 40) << "of 398; costs have some 200 values, so a few are equal by chance";
}

TEST(SimulatedProvider, SeedsOfStreamsDifferWhereverOnePartDiffers) {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (const Stream stream :
         {Stream::Answers, Stream::WarmUp, Stream::Retries, Stream::Arrivals}) {
      for (std::uint64_t part = 0; part < 5; ++part) {
        EXPECT_TRUE(seeds.insert(stream_seed(seed, stream, part)).second);
      }
    }
  }
}

TEST(SimulatedProvider, ARunHasTheLatenciesFailuresAndMistakesOfItsModel) {
  std::map<std::string, int> counts;
  for (const auto& [text, cost, time] : calls_on_threads(1, 1)) {
    ++counts[text];
    EXPECT_GE(time, milliseconds{150});
    EXPECT_LE(time, milliseconds{3000});
  }

  // 2,000 calls of a model with 1.2 % rate limits, 0.3 % timeouts, 0.5 % server errors, 95 % right:
  // within four sigma.
  EXPECT_NEAR(counts["rate_limit"], 24, 20);
  EXPECT_NEAR(counts["timeout"], 6, 10);
  EXPECT_GT(counts["timeout"], 0);
  EXPECT_NEAR(counts["server_error"], 10, 13);
  EXPECT_GT(counts["server_error"], 0);
  EXPECT_NEAR(counts["It is Paris."], 1862, 45);
  EXPECT_NEAR(counts["That is beyond me."], 98, 40);
  EXPECT_EQ(counts.size(), 5U);
}

TEST(SimulatedProvider, UsageAndCostOfAnAnswerAreExact) {
  SimulatedModel model = default_simulated_models().front();
  model.rate_limit_probability = model.timeout_probability = model.server_error_probability = 0;
  SimulatedProvider provider(model, {}, 1, note_wait);

  const auto response = provider.complete({.model = "m", .prompt = "12345678"});

  ASSERT_TRUE(response.usage && response.cost);
  EXPECT_EQ(response.usage->input_tokens,
            14U);  // Eight bytes are two tokens, and twelve around them.
  EXPECT_GE(response.usage->output_tokens, 1U);
  EXPECT_EQ(std::llround(*response.cost * 1e9),
            static_cast<long long>(14 * 2500 + response.usage->output_tokens * 10000));
  EXPECT_EQ(response.text, "This answer is simulated.");
  EXPECT_EQ(response.model, "gpt-4o");
}

TEST(SimulatedProvider, AWaitCutShortIsACancelledCall) {
  SimulatedProvider provider(default_simulated_models().front(), {}, 1,
                             [](nanoseconds) { return false; });

  EXPECT_EQ(std::get<std::string>(call(provider, "P")), "cancelled");
}

TEST(SimulatedProvider, ARequestsOwnTimeoutEndsTheWait) {
  SimulatedProvider provider(default_simulated_models().front(), {}, 1, note_wait);
  std::optional<ltb::ErrorType> type;

  try {
    (void)provider.complete({.model = "m", .prompt = "P", .timeout = milliseconds{20}});
  } catch (const ltb::ProviderError& error) {
    type = error.type();
  }

  EXPECT_EQ(type, ltb::ErrorType::Timeout);
  EXPECT_EQ(waited, milliseconds{20});
}

TEST(SimulatedProvider, TheUsualTimeoutHoldsForRequestsWithoutOne) {
  SimulatedProvider provider(default_simulated_models().front(), {}, 1, note_wait,
                             milliseconds{20});

  EXPECT_EQ(std::get<std::string>(call(provider, "P")), "timeout");
  EXPECT_EQ(waited, milliseconds{20});
}

TEST(SimulatedProvider, AStreamIsTheSameAnswerInPiecesOverTheSameTime) {
  const auto asked = questions();
  SimulatedModel model = default_simulated_models().front();
  SimulatedProvider whole(model, asked, 7, note_wait);
  SimulatedProvider streaming(model, asked, 7, note_wait);
  int streamed = 0;

  for (const Question& question : asked) {
    const Outcome expected = call(whole, question.prompt);
    waits.clear();
    std::vector<std::string> pieces;
    std::string text;
    try {
      const auto response = streaming.stream({.model = "m", .prompt = question.prompt},
                                             [&](const ltb::StreamChunk& chunk) {
                                               pieces.emplace_back(chunk.text);
                                               text += chunk.text;
                                               return true;
                                             });
      EXPECT_EQ(response.text, std::get<std::string>(expected));
      EXPECT_EQ(response.cost, std::get<double>(expected));
      EXPECT_EQ(text, response.text);
    } catch (const ltb::ProviderError& error) {
      EXPECT_EQ(to_string(error.type()), std::get<std::string>(expected));
      continue;
    }
    ++streamed;
    EXPECT_GE(pieces.size(), 4U);
    EXPECT_LE(pieces.size(), 8U);
    EXPECT_EQ(waits.size(), pieces.size());
    const auto all = std::accumulate(waits.begin(), waits.end(), nanoseconds{0});
    const auto time = std::get<nanoseconds>(expected);
    EXPECT_LE(std::chrono::abs(all - time), nanoseconds{100});
    EXPECT_GE(waits.front(), time / 5 - nanoseconds{1});
    EXPECT_LE(waits.front(), time / 2 + nanoseconds{1});
  }
  EXPECT_GT(streamed, 15);
}

TEST(SimulatedProvider, AStreamThatIsCancelledReturnsWhatCame) {
  SimulatedModel model = default_simulated_models().front();
  model.rate_limit_probability = model.timeout_probability = model.server_error_probability = 0;
  SimulatedProvider provider(model, {}, 1, note_wait);
  int chunks = 0;

  const auto response = provider.stream(
      {.model = "m", .prompt = "P"}, [&chunks](const ltb::StreamChunk&) { return ++chunks < 2; });

  EXPECT_EQ(chunks, 2);
  EXPECT_TRUE(std::string("This answer is simulated.").starts_with(response.text));
  EXPECT_LT(response.text.size(), 25U);
}

TEST(SimulatedProvider, PiecesNeverCutACharacter) {
  const std::vector<Question> asked{{"1", "P", {"\xC3\xA9\xC3\xA8\xE2\x82\xAC\xF0\x9F\x98\x80"}}};
  SimulatedModel model = default_simulated_models().front();
  model.rate_limit_probability = model.timeout_probability = model.server_error_probability = 0;
  model.accuracy = 1;
  SimulatedProvider provider(model, asked, 1, note_wait);

  (void)provider.stream({.model = "m", .prompt = "P"}, [](const ltb::StreamChunk& chunk) {
    EXPECT_NE(static_cast<unsigned char>(chunk.text.front()) & 0xC0U, 0x80U) << chunk.text;
    return true;
  });
}

TEST(SimulatedProvider, TheUsualModelsAreThreeDifferentProviders) {
  const auto models = default_simulated_models();

  ASSERT_EQ(models.size(), 3U);
  EXPECT_EQ(models[0].provider, "openai");
  EXPECT_EQ(models[1].provider, "anthropic");
  EXPECT_EQ(models[2].provider, "google");
  for (const SimulatedModel& model : models) {
    const double failures =
        model.rate_limit_probability + model.timeout_probability + model.server_error_probability;
    EXPECT_GE(failures, 0.01) << model.model;
    EXPECT_LE(failures, 0.03) << model.model;
  }
}

}  // namespace
