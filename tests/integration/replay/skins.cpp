#include "integration/replay/skins.hpp"

#include <ltb/asio.hpp>
#include <ltb/json.hpp>
#include <ltb/monitored.hpp>
#include <ltb/provider.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace ltb::test {

namespace asio = boost::asio;
using Json = nlohmann::json;

namespace {

/// The text of an event of a stream, or of a whole answer.
std::string text_of(Api api, const Json& json) {
  constexpr std::array<const char*, 3> kStreamed{"/choices/0/delta/content", "/delta/text",
                                                 "/candidates/0/content/parts/0/text"};
  constexpr std::array<const char*, 3> kWhole{"/choices/0/message/content", "/content/0/text",
                                              "/candidates/0/content/parts/0/text"};
  const auto index = static_cast<std::size_t>(api);
  for (const char* path : {kStreamed[index], kWhole[index]}) {
    const Json::json_pointer pointer(path);
    if (json.contains(pointer) && json[pointer].is_string()) return json[pointer];
  }
  return {};
}

bool read_chunk(Api api, LlmReply& whole, const Json& chunk) {
  if (api == Api::OpenAi) return read_openai_chunk(whole, chunk);
  if (api == Api::Anthropic) return read_anthropic_chunk(whole, chunk);
  return read_google_chunk(whole, chunk);
}

LlmReply read_reply(Api api, const Json& body, int status) {
  if (api == Api::OpenAi) return read_openai_reply(body, status);
  if (api == Api::Anthropic) return read_anthropic_reply(body, status);
  return read_google_reply(body, status);
}

HeaderLookup headers_of(const Answer& answer) {
  return [&answer](std::string_view name) -> std::optional<std::string_view> {
    const auto found = answer.headers.find(std::string(name));
    if (found == answer.headers.end()) return std::nullopt;
    return found->second;
  };
}

// -- ltb::Monitored: a client of JSON, which returns errors as values

/// Not a Json by itself, so that the traits show how a result of one's own is read.
struct JsonResult {
  Json body{};
  std::map<std::string, std::string> headers{};
  std::optional<CallError> error{};
};

template <Api kApi>
struct JsonClient {
  const Ask* asked;

  [[nodiscard]] std::string_view name() const { return name_of(kApi); }

  JsonResult complete(const Json& request) {
    return stream(request, [](const Json&) { return true; });
  }
  template <typename OnChunk>
  JsonResult stream(const Json& request, OnChunk on_chunk) {
    Ask mine = *asked;
    mine.model = request.at("model");
    const Answer answer = ask(mine, [&](const Json& event) { return on_chunk(event); });
    JsonResult result{answer.body, answer.headers, std::nullopt};
    if (answer.status >= 400) result.error = read_reply(kApi, answer.body, answer.status).error;
    return result;
  }
};

/// What the traits of the three clients share: the result is a struct around the JSON.
template <typename JsonTraits>
struct ResultTraits : JsonTraits {
  static void on_end(RequestScope& scope, LlmReply& whole, const JsonResult& result) {
    read_reply_headers(whole, headers_of({.headers = result.headers}));
    if (result.body.is_null() || result.error) return JsonTraits::on_end(scope, whole);
    JsonTraits::on_end(scope, whole, result.body);
  }
  static void on_end(RequestScope& scope, LlmReply& whole) { JsonTraits::on_end(scope, whole); }
};

}  // namespace
}  // namespace ltb::test

namespace ltb {
template <>
struct MonitoredTraits<test::JsonClient<test::Api::OpenAi>> : test::ResultTraits<OpenAiJsonTraits> {
};
template <>
struct MonitoredTraits<test::JsonClient<test::Api::Anthropic>>
    : test::ResultTraits<AnthropicJsonTraits> {};
template <>
struct MonitoredTraits<test::JsonClient<test::Api::Google>> : test::ResultTraits<GoogleJsonTraits> {
};
}  // namespace ltb

namespace ltb::test {
namespace {

/// One call as its caller sees it: reads the stream, and calls back.
struct Reading {
  Api api;
  const OnContent& on_content;
  CallEnd& end;
  LlmReply whole{};

  /// Whether this event was content.
  bool take(const Json& event) {
    const bool has_content = read_chunk(api, whole, event);
    end.text += text_of(api, event);
    return has_content;
  }
  [[nodiscard]] bool goes_on(bool has_content) const {
    return !has_content || !on_content || on_content();
  }
  void finish(const Answer& answer) {
    if (!answer.body.is_null()) {
      whole = read_reply(api, answer.body, answer.status);
      end.text += text_of(api, answer.body);
    }
    read_reply_headers(whole, headers_of(answer));
  }
};

// -- ltb::MonitoredProvider: a client of ltb::Provider, which throws ProviderError

class ReplayProvider final : public Provider {
 public:
  ReplayProvider(const Ask& ask, CallEnd& end) : ask_(ask), end_(end) {}

  [[nodiscard]] std::string name() const override { return std::string(name_of(ask_.api)); }
  CompletionResponse complete(const CompletionRequest& request) override {
    return stream(request, {});
  }
  CompletionResponse stream(const CompletionRequest& request,
                            const StreamCallback& on_chunk) override {
    Ask asked = ask_;
    asked.model = request.model;
    const OnContent nothing;
    Reading reading{ask_.api, nothing, end_};
    const Answer answer = ask(asked, [&](const Json& event) {
      const std::string before = std::exchange(end_.text, {});
      const bool has_content = reading.take(event);
      const std::string text = std::exchange(end_.text, before);
      end_.text += text;
      return on_chunk(StreamChunk{.text = has_content ? std::string_view(text) : ""});
    });
    reading.finish(answer);
    const LlmReply& reply = reading.whole;
    if (reply.error)
      throw ProviderError(reply.error->type, reply.error->message, reply.error->code,
                          reply.retry_after)
          .with_rate_limits(reply.rate_limits);
    return {.text = end_.text,
            .model = reply.model,
            .usage = reply.usage,
            .cost = reply.cost,
            .finish_reason = reply.finish_reason,
            .request_id = reply.request_id,
            .rate_limits = reply.rate_limits};
  }

 private:
  const Ask& ask_;
  CallEnd& end_;
};

void through_provider(MonitoringSystem& monitoring, const Ask& ask, const OnContent& on_content,
                      CallEnd& end) {
  MonitoredProvider provider(std::make_shared<ReplayProvider>(ask, end), monitoring);
  const CompletionRequest request{.model = ask.model, .prompt = "Say something."};
  if (!ask.stream) {
    (void)provider.complete(request);
    return;
  }
  (void)provider.stream(request, [&](const StreamChunk& chunk) {
    return !chunk.has_content() || !on_content || on_content();
  });
}

// -- ltb::Monitored

template <Api kApi>
void through_client(MonitoringSystem& monitoring, const Ask& ask, const OnContent& on_content,
                    CallEnd& end) {
  Monitored<JsonClient<kApi>> client{JsonClient<kApi>{&ask}, monitoring};
  const Json request{{"model", ask.model}};
  JsonResult result;
  if (ask.stream) {
    LlmReply whole;
    result = client.stream(request, [&](const Json& chunk) {
      end.text += text_of(kApi, chunk);
      return !read_chunk(kApi, whole, chunk) || !on_content || on_content();
    });
    if (whole.error) end.error = whole.error->message;
  } else {
    result = client.complete(request);
    end.text = text_of(kApi, result.body);
    // As this caller reads it: the client itself makes no error of a 200.
    if (const auto error = read_reply(kApi, result.body, 200).error) end.error = error->message;
  }
  if (result.error) end.error = result.error->message;
}

// -- ltb::observe

void through_observe(MonitoringSystem& monitoring, const Ask& asked, const OnContent& on_content,
                     CallEnd& end) {
  observe(monitoring, name_of(asked.api), asked.model, [&](RequestScope& scope) {
    Reading reading{asked.api, on_content, end};
    bool given_up = false;
    const Answer answer = ask(asked, [&](const Json& event) {
      const bool has_content = reading.take(event);
      if (has_content) scope.on_chunk();
      given_up = !reading.goes_on(has_content);
      return !given_up;
    });
    if (given_up) return scope.cancel();
    reading.finish(answer);
    apply(scope, reading.whole);
    if (reading.whole.error) end.error = reading.whole.error->message;
  });
}

// -- ltb/asio.hpp

void through_async(MonitoringSystem& monitoring, const Ask& asked, const OnContent& on_content,
                   CallEnd& end) {
  asio::io_context context(1);
  Reading reading{asked.api, on_content, end};
  std::exception_ptr thrown;
  async_observe<void(std::exception_ptr, Answer)>(
      monitoring, name_of(asked.api), asked.model,
      [&](RequestScope& scope, auto handler) {
        asio::co_spawn(context,
                       async_ask(asked,
                                 [&](const Json& event) {
                                   const bool has_content = reading.take(event);
                                   if (has_content) scope.on_chunk();
                                   if (reading.goes_on(has_content)) return true;
                                   scope.cancel();
                                   return false;
                                 }),
                       std::move(handler));
      },
      [&](RequestScope& scope, const Answer& answer) {
        reading.finish(answer);
        apply(scope, reading.whole);
      },
      [&](std::exception_ptr error, const Answer&) { thrown = std::move(error); });
  context.run();
  if (reading.whole.error) end.error = reading.whole.error->message;
  if (thrown) std::rethrow_exception(thrown);
}

void through_coroutine(MonitoringSystem& monitoring, const Ask& asked, const OnContent& on_content,
                       CallEnd& end) {
  asio::io_context context(1);
  std::exception_ptr thrown;
  asio::co_spawn(context,
                 co_observe(monitoring, name_of(asked.api), asked.model,
                            [&](RequestScope& scope) -> asio::awaitable<void> {
                              Reading reading{asked.api, on_content, end};
                              bool given_up = false;
                              const Answer answer =
                                  co_await async_ask(asked, [&](const Json& event) {
                                    const bool has_content = reading.take(event);
                                    if (has_content) scope.on_chunk();
                                    given_up = !reading.goes_on(has_content);
                                    return !given_up;
                                  });
                              if (given_up) {
                                scope.cancel();
                                co_return;
                              }
                              reading.finish(answer);
                              apply(scope, reading.whole);
                              if (reading.whole.error) end.error = reading.whole.error->message;
                            }),
                 [&](std::exception_ptr error) { thrown = std::move(error); });
  context.run();
  if (thrown) std::rethrow_exception(thrown);
}

void through(Skin skin, MonitoringSystem& monitoring, const Ask& ask, const OnContent& on_content,
             CallEnd& end) {
  switch (skin) {
    case Skin::Provider:
      return through_provider(monitoring, ask, on_content, end);
    case Skin::Client:
      if (ask.api == Api::OpenAi)
        return through_client<Api::OpenAi>(monitoring, ask, on_content, end);
      if (ask.api == Api::Anthropic)
        return through_client<Api::Anthropic>(monitoring, ask, on_content, end);
      return through_client<Api::Google>(monitoring, ask, on_content, end);
    case Skin::Observe:
      return through_observe(monitoring, ask, on_content, end);
    case Skin::Async:
      return through_async(monitoring, ask, on_content, end);
    case Skin::Coroutine:
      return through_coroutine(monitoring, ask, on_content, end);
  }
}

}  // namespace

std::string_view name_of(Skin skin) noexcept {
  constexpr std::array<std::string_view, 5> kNames{"Provider", "Client", "Observe", "Async",
                                                   "Coroutine"};
  return kNames[static_cast<std::size_t>(skin)];
}

CallEnd call_through(Skin skin, MonitoringSystem& monitoring, const Ask& ask,
                     const OnContent& on_content) {
  CallEnd end;
  try {
    through(skin, monitoring, ask, on_content, end);
  } catch (const std::exception& error) {
    end.error = error.what();
  } catch (...) {
    end.error = "an exception that is not a std::exception";
  }
  return end;
}

}  // namespace ltb::test
