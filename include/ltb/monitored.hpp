// Watches every call of a client of any type: no base class, no virtual call, no type erasure.
#pragma once

#include <ltb/finishes_later.hpp>
#include <ltb/monitored_traits.hpp>
#include <ltb/request_scope.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace ltb {

namespace detail::watch {

// A client may be held by value or by one of these.
template <typename Client>
struct Held {
  using Target = Client;
  static constexpr bool is_pointer = false;
};
template <typename T>
struct Held<T*> {
  using Target = T;
  static constexpr bool is_pointer = true;
};
template <typename T>
struct Held<std::shared_ptr<T>> : Held<T*> {};
template <typename T, typename Deleter>
struct Held<std::unique_ptr<T, Deleter>> : Held<T*> {};
template <typename T>
struct Held<std::reference_wrapper<T>> {
  using Target = T;
  static constexpr bool is_pointer = false;
};

template <typename Client>
auto& target_of(Client& client) noexcept {
  using Plain = std::remove_const_t<Client>;
  if constexpr (Held<Plain>::is_pointer) {
    return *client;
  } else if constexpr (std::same_as<Plain, typename Held<Plain>::Target>) {
    return client;
  } else {
    return client.get();
  }
}

/// What the callback of one streamed call works on. Shared with the client's copies of it, so that
/// a client that calls back too late does no harm.
template <typename Traits, typename OnChunk>
struct Stream {
  RequestScope scope;
  OnChunk on_chunk;  // a reference when the caller handed over an object of its own
  typename Traits::State state{};
  bool cancelled = false;
};

/// The callback that the client gets: takes the time, then calls the caller's.
template <typename Traits, typename OnChunk>
struct ChunkWatcher {
  std::shared_ptr<Stream<Traits, OnChunk>> stream;

  template <typename... Chunk>
  requires std::invocable<OnChunk&, Chunk...> std::invoke_result_t<OnChunk&, Chunk...>
  operator()(Chunk&&... chunk) const {
    using Answer = std::invoke_result_t<OnChunk&, Chunk...>;
    bool has_content = true;
    ChunkKind kind = ChunkKind::Content;
    try {
      has_content = Traits::on_chunk(stream->state, std::as_const(chunk)...);
      if (has_content && Traits::is_reasoning(std::as_const(chunk)...)) kind = ChunkKind::Reasoning;
    } catch (...) {  // a chunk that cannot be read was still a chunk
    }
    if (has_content) stream->scope.on_chunk(kind);
    if constexpr (std::is_constructible_v<std::remove_cvref_t<OnChunk>, std::nullptr_t> &&
                  (std::is_void_v<Answer> || std::same_as<Answer, bool>)) {
      if (!stream->on_chunk) return Answer(true);  // an empty std::function
    }
    if constexpr (std::is_void_v<Answer>) {
      std::invoke(stream->on_chunk, std::forward<Chunk>(chunk)...);
    } else {
      Answer answer = std::invoke(stream->on_chunk, std::forward<Chunk>(chunk)...);
      if (!Traits::continues(std::as_const(answer))) stream->cancelled = true;
      return static_cast<Answer&&>(answer);
    }
  }
};

/// If a trait throws, its value is not recorded; the caller's call continues.
template <typename Read>
void guarded(const Read& read) noexcept {
  try {
    read();
  } catch (...) {
  }
}

template <typename Traits, typename Payload>
void read_payload(RequestScope& scope, typename Traits::State& state,
                  const Payload* payload) noexcept {
  if constexpr (!std::same_as<Payload, NoPayload>) {
    if (payload != nullptr) {
      guarded([&] {
        if (const auto usage = Traits::usage(*payload)) scope.set_usage(*usage);
      });
      guarded([&] {
        if (const auto cost = Traits::cost(*payload)) scope.set_cost(*cost);
      });
      guarded([&] {
        const auto reason = Traits::finish_reason(*payload);
        if (!std::string_view(reason).empty()) scope.set_finish_reason(reason);
      });
      return guarded([&] { Traits::on_end(scope, state, *payload); });
    }
  }
  guarded([&] { Traits::on_end(scope, state); });
}

template <typename Traits, typename Result>
void read_error(RequestScope& scope, const Result& result) noexcept {
  try {
    if (const std::optional<CallError> error = Traits::error(result))
      scope.fail(error->type, error->message, error->code);
  } catch (...) {
    scope.fail(std::current_exception());
  }
}

/// Reads what a call returned, and ends its scope. `result` is empty for void.
template <typename Traits, typename... Result>
void end_call(RequestScope& scope, typename Traits::State& state, bool cancelled,
              const Result&... result) noexcept {
  if constexpr (sizeof...(Result) == 0) {
    read_payload<Traits>(scope, state, static_cast<const NoPayload*>(nullptr));
  } else {
    (read_payload<Traits>(scope, state, payload_of(result)), ...);
  }
  if (cancelled) scope.cancel();
  (read_error<Traits>(scope, result), ...);
  scope.finish();
}

template <typename Traits>
void end_thrown(RequestScope& scope, bool cancelled, const std::exception_ptr& thrown) noexcept {
  // A client may throw because the caller gave up: that is not a failure of the provider.
  if (cancelled) return scope.cancel();
  try {
    if (const std::optional<CallError> error = Traits::classify(thrown))
      return scope.fail(error->type, error->message, error->code);
  } catch (...) {  // left to the scope
  }
  scope.fail(thrown);
}

/// Runs a call whose scope has begun; returns and throws what it does.
template <typename Traits, typename Run>
std::invoke_result_t<Run&> run_call(RequestScope& scope, typename Traits::State& state,
                                    const bool& cancelled, Run&& run) {
  using Result = std::invoke_result_t<Run&>;
  static_assert(!FinishesLater<std::remove_cvref_t<Result>>,
                "ltb::Monitored: the client returns before the call is over (a future or an "
                "awaitable); use MonitoringSystem::begin_request() or ltb/asio.hpp");
  try {
    if constexpr (std::is_void_v<Result>) {
      run();
      end_call<Traits>(scope, state, cancelled);
    } else {
      Result result = run();
      end_call<Traits>(scope, state, cancelled, result);
      if constexpr (std::is_rvalue_reference_v<Result>) {
        return static_cast<Result>(result);
      } else {
        return result;
      }
    }
  } catch (...) {
    end_thrown<Traits>(scope, cancelled, std::current_exception());
    throw;
  }
}

}  // namespace detail::watch

/// Clients that complete a request with these arguments, as their traits say.
template <typename Traits, typename Client, typename... Args>
concept CompletesWith = requires(Client& client, Args&&... args) {
  Traits::complete(client, std::forward<Args>(args)...);
};

/// Clients that stream a request to a callback, as their traits say.
template <typename Traits, typename Client, typename OnChunk, typename Request, typename... Args>
concept StreamsTo = requires(Client& client, Request&& request,
                             detail::watch::ChunkWatcher<Traits, OnChunk> on_chunk,
                             Args&&... args) {
  Traits::stream(client, std::forward<Request>(request), std::move(on_chunk),
                 std::forward<Args>(args)...);
};

/// Holds a client and records every call made through complete(), stream(), call() and
/// call_streaming(), once each; all else is the client's: same results, same exceptions, and its
/// other methods through `->`.
///
/// `Client` is your client by value (copyable or not), or a pointer, shared_ptr, unique_ptr or
/// reference_wrapper to it. `Traits` says how to read its types; see DefaultMonitoredTraits.
/// A client that throws, one that returns errors as values, and one that streams by callback are
/// all understood; a client that returns before its call is over is refused when compiling.
///
/// Thread safety: as the client's. The library calls it on the caller's thread only.
/// Lifetime: keeps the recording core alive, not the MonitoringSystem; calls after the
/// MonitoringSystem is destroyed are recorded and no longer exposed.
template <typename Client,
          typename Traits =
              MonitoredTraits<std::remove_const_t<typename detail::watch::Held<Client>::Target>>>
class Monitored {
 public:
  /// The client itself, whatever holds it.
  using Target = typename detail::watch::Held<Client>::Target;
  /// The client as a const Monitored sees it: const only when held by value.
  using ConstTarget =
      std::remove_reference_t<decltype(detail::watch::target_of(std::declval<const Client&>()))>;

  /// Throws std::invalid_argument on a null pointer, and what the traits' provider() throws.
  /// `source` is a MonitoringSystem, or a BenchmarkRun to which the calls then belong.
  Monitored(Client client, CallSource source)
      : client_(std::move(client)), source_(std::move(source)) {
    ask_provider();
  }

  /// Makes the client in place: for those that cannot even be moved.
  template <typename... Args>
  requires std::constructible_from<Client, Args...> Monitored(std::in_place_t, CallSource source,
                                                              Args&&... args)
      : client_(std::forward<Args>(args)...), source_(std::move(source)) {
    ask_provider();
  }

  /// The label `provider` of the calls.
  [[nodiscard]] const std::string& provider() const noexcept { return provider_; }
  /// What was given to the constructor.
  [[nodiscard]] Client& inner() noexcept { return client_; }
  [[nodiscard]] const Client& inner() const noexcept { return client_; }
  /// The client, not watched.
  [[nodiscard]] auto* operator->() noexcept { return std::addressof(target(*this)); }
  [[nodiscard]] auto* operator->() const noexcept { return std::addressof(target(*this)); }

  /// The client's complete(request, args...), watched.
  template <typename Request, typename... Args>
  requires CompletesWith<Traits, Target, Request, Args...>
  decltype(auto) complete(Request&& request, Args&&... args) {
    return watch(*this, Complete{}, std::forward<Request>(request), std::forward<Args>(args)...);
  }
  template <typename Request, typename... Args>
  requires CompletesWith<Traits, ConstTarget, Request, Args...>
  decltype(auto) complete(Request&& request, Args&&... args) const {
    return watch(*this, Complete{}, std::forward<Request>(request), std::forward<Args>(args)...);
  }

  /// The client's stream(request, on_chunk, args...), watched. The time of a chunk is taken before
  /// `on_chunk` sees it; when that returns false, the call counts as cancelled. The client must
  /// return after its last chunk; it may call back on another thread.
  template <typename Request, typename OnChunk, typename... Args>
  requires StreamsTo<Traits, Target, OnChunk, Request, Args...>
  decltype(auto) stream(Request&& request, OnChunk&& on_chunk, Args&&... args) {
    return watch_stream<OnChunk>(*this, Streaming{}, std::forward<OnChunk>(on_chunk),
                                 std::forward<Request>(request), std::forward<Args>(args)...);
  }
  template <typename Request, typename OnChunk, typename... Args>
  requires StreamsTo<Traits, ConstTarget, OnChunk, Request, Args...>
  decltype(auto) stream(Request&& request, OnChunk&& on_chunk, Args&&... args) const {
    return watch_stream<OnChunk>(*this, Streaming{}, std::forward<OnChunk>(on_chunk),
                                 std::forward<Request>(request), std::forward<Args>(args)...);
  }

  /// Any other method, or a callable of (client, request, args...), watched:
  /// `monitored.call(&MyClient::chat, request)`.
  template <typename Method, typename Request, typename... Args>
  requires std::invocable<Method, Target&, Request, Args...>
  decltype(auto) call(Method&& method, Request&& request, Args&&... args) {
    return watch(*this, std::forward<Method>(method), std::forward<Request>(request),
                 std::forward<Args>(args)...);
  }

  /// The same for one that streams: a callable of (client, request, on_chunk, args...).
  template <typename Method, typename Request, typename OnChunk, typename... Args>
  requires std::invocable<Method, Target&, Request, detail::watch::ChunkWatcher<Traits, OnChunk>,
                          Args...>
  decltype(auto) call_streaming(Method&& method, Request&& request, OnChunk&& on_chunk,
                                Args&&... args) {
    return watch_stream<OnChunk>(*this, std::forward<Method>(method),
                                 std::forward<OnChunk>(on_chunk), std::forward<Request>(request),
                                 std::forward<Args>(args)...);
  }

 private:
  struct Complete {
    template <typename C, typename... Args>
    decltype(auto) operator()(C& client, Args&&... args) const {
      return Traits::complete(client, std::forward<Args>(args)...);
    }
  };
  struct Streaming {
    template <typename C, typename... Args>
    decltype(auto) operator()(C& client, Args&&... args) const {
      return Traits::stream(client, std::forward<Args>(args)...);
    }
  };

  template <typename Self>
  static auto& target(Self& self) noexcept {
    return detail::watch::target_of(self.client_);
  }

  void ask_provider() {
    if constexpr (detail::watch::Held<Client>::is_pointer) {
      if (client_ == nullptr)
        throw std::invalid_argument("ltb::Monitored: the client to wrap is null");
    }
    provider_ = Traits::provider(std::as_const(target(*this)));
  }

  template <typename Request, typename... Args>
  [[nodiscard]] RequestScope begin(const Request& request, const Args&... args) const noexcept {
    try {
      const auto model = Traits::model(std::as_const(target(*this)), request, args...);
      RequestScope scope = source_.begin_request(provider_, model);
      try {
        Traits::on_request(scope, request);
      } catch (...) {  // what it would have reported is not recorded
      }
      return scope;
    } catch (...) {
      return source_.begin_request(provider_, {});
    }
  }

  template <typename Self, typename Method, typename Request, typename... Args>
  static decltype(auto) watch(Self& self, Method&& method, Request&& request, Args&&... args) {
    RequestScope scope = self.begin(std::as_const(request), std::as_const(args)...);
    typename Traits::State state{};
    return detail::watch::run_call<Traits>(scope, state, false, [&]() -> decltype(auto) {
      return std::invoke(std::forward<Method>(method), target(self), std::forward<Request>(request),
                         std::forward<Args>(args)...);
    });
  }

  template <typename OnChunk, typename Self, typename Method, typename Request, typename... Args>
  static decltype(auto) watch_stream(Self& self, Method&& method, OnChunk&& on_chunk,
                                     Request&& request, Args&&... args) {
    using Stream = detail::watch::Stream<Traits, OnChunk>;
    const std::shared_ptr<Stream> stream{
        new Stream{self.begin(std::as_const(request), std::as_const(args)...),
                   std::forward<OnChunk>(on_chunk)}};
    return detail::watch::run_call<Traits>(
        stream->scope, stream->state, stream->cancelled, [&]() -> decltype(auto) {
          return std::invoke(
              std::forward<Method>(method), target(self), std::forward<Request>(request),
              detail::watch::ChunkWatcher<Traits, OnChunk>{stream}, std::forward<Args>(args)...);
        });
  }

  Client client_;
  CallSource source_;
  std::string provider_;
};

}  // namespace ltb
