// Watches asynchronous calls made with Boost.Asio: any completion token, coroutines too. Opt-in:
// shows Boost.Asio.
#pragma once

#include <ltb/llm_reply.hpp>
#include <ltb/request_scope.hpp>

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associator.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <concepts>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

namespace ltb {

namespace detail::async {

inline void fail_with(RequestScope& scope, const std::error_code& error) noexcept {
  try {
    const CallError read = to_call_error(error);
    scope.fail(read.type, read.message, read.code);
  } catch (...) {  // no memory for the message
    scope.fail(ErrorType::Network);
  }
}

/// As RequestScope::fail(); also handles boost::system::system_error, which does not derive from
/// std::system_error.
inline void fail_with(RequestScope& scope, const std::exception_ptr& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& thrown) {
    fail_with(scope, static_cast<std::error_code>(thrown.code()));
  } catch (...) {
    scope.fail(error);
  }
}

struct NoHook {
  void operator()(RequestScope&, const auto&...) const noexcept {}
};

/// Calls the hook and ends the scope well, unless the hook ended it.
template <typename OnResult, typename... Results>
void succeed(RequestScope& scope, OnResult& on_result, const Results&... results) noexcept {
  try {
    on_result(scope, results...);
  } catch (...) {  // what it would have reported is not recorded
  }
  scope.finish();
}

template <typename First>
concept Outcome = std::same_as<First, boost::system::error_code> ||
    std::same_as<First, std::error_code> || std::same_as<First, std::exception_ptr>;

/// The handler that the operation gets: ends the scope, then calls the caller's.
template <typename Handler, typename OnResult>
struct ObservedHandler {
  Handler handler;
  std::shared_ptr<RequestScope> scope;
  OnResult on_result;

  template <typename... Args>
  void operator()(Args&&... args) {
    end(std::as_const(args)...);
    scope.reset();  // before the handler, which may start the next call with this memory
    std::move(handler)(std::forward<Args>(args)...);
  }

 private:
  void end() noexcept { succeed(*scope, on_result); }
  template <typename First, typename... Results>
  void end(const First& first, const Results&... results) noexcept {
    if constexpr (!Outcome<First>) {
      succeed(*scope, on_result, first, results...);
    } else if (first) {
      if constexpr (std::same_as<First, std::exception_ptr>) {
        fail_with(*scope, first);
      } else {
        fail_with(*scope, static_cast<std::error_code>(first));
      }
    } else {
      succeed(*scope, on_result, results...);
    }
  }
};

/// Begins the call when the operation starts, which a lazy token (use_awaitable, deferred) may put
/// off: what it needs is its own.
template <typename Operation, typename OnResult>
struct Initiation {
  CallSource source;
  std::string provider;
  std::string model;
  Operation operation;
  OnResult on_result;

  template <typename Handler>
  void operator()(Handler&& handler) {
    const auto allocator = boost::asio::get_associated_allocator(handler);
    const auto scope =
        std::allocate_shared<RequestScope>(allocator, source.begin_request(provider, model));
    try {
      std::move(operation)(
          *scope, ObservedHandler<std::decay_t<Handler>, OnResult>{std::forward<Handler>(handler),
                                                                   scope, std::move(on_result)});
    } catch (...) {
      fail_with(*scope, std::current_exception());
      throw;
    }
  }
};

template <typename Value, typename Operation>
boost::asio::awaitable<Value> co_observe(CallSource source, std::string provider, std::string model,
                                         Operation operation) {
  RequestScope scope = source.begin_request(provider, model);
  try {
    if constexpr (std::is_void_v<Value>) {
      co_await operation(scope);
      scope.finish();
    } else {
      Value value = co_await operation(scope);
      scope.finish();
      co_return std::move(value);
    }
  } catch (...) {
    fail_with(scope, std::current_exception());
    throw;
  }
}

template <typename T>
struct AwaitableValue;
template <typename T, typename Executor>
struct AwaitableValue<boost::asio::awaitable<T, Executor>> {
  static_assert(std::same_as<Executor, boost::asio::any_io_executor>,
                "ltb::co_observe: the awaitable must be a boost::asio::awaitable<T> with the "
                "default executor");
  using type = T;
};

}  // namespace detail::async

/// Watches one asynchronous call, with any completion token: a callback, use_future,
/// use_awaitable, deferred and others.
///
/// `operation(scope, handler)` starts it and must pass `handler` on as the completion token of
/// something that completes with `Signature`: `void(error_code, result...)`,
/// `void(exception_ptr, result...)` or `void(result...)`. `scope` lives until the completion; call
/// on_chunk() and the like on it, from one thread at a time.
///
/// `on_result(scope, const result&...)` is called when the operation completed without an error, to
/// read usage, or to fail() a call whose error is in its result. What it throws is dropped.
///
/// The call begins when the operation starts, and ends once, before the caller's handler runs:
/// well; or as to_call_error() and RequestScope::fail() say of the error_code or exception
/// (cancelled for operation_aborted); or as cancelled when the handler is destroyed without being
/// called. When a timer of yours gives up on the call, say scope.fail(ErrorType::Timeout) before
/// you cancel it.
///
/// The handler's associated executor, allocator and cancellation slot are handed through. A client
/// that calls back on a thread of its own must dispatch to get_associated_executor(handler), as any
/// composed operation does. `source` is a
/// MonitoringSystem or a BenchmarkRun, which may be gone afterwards; `provider` and `model` are
/// copied.
template <typename Signature, typename Operation, typename OnResult, typename CompletionToken>
auto async_observe(CallSource source, std::string_view provider, std::string_view model,
                   Operation&& operation, OnResult&& on_result, CompletionToken&& token) {
  using Start = detail::async::Initiation<std::decay_t<Operation>, std::decay_t<OnResult>>;
  return boost::asio::async_initiate<CompletionToken, Signature>(
      Start{std::move(source), std::string(provider), std::string(model),
            std::forward<Operation>(operation), std::forward<OnResult>(on_result)},
      token);
}

/// The same without a hook.
template <typename Signature, typename Operation, typename CompletionToken>
auto async_observe(CallSource source, std::string_view provider, std::string_view model,
                   Operation&& operation, CompletionToken&& token) {
  return async_observe<Signature>(std::move(source), provider, model,
                                  std::forward<Operation>(operation), detail::async::NoHook{},
                                  std::forward<CompletionToken>(token));
}

/// Operations whose signature Asio can deduce: those that return what an initiating function
/// (async_read, a stream's async_read_some, async_compose, co_spawn ...) returned for the handler.
template <typename Operation>
concept AsyncOperation = !std::is_function_v<std::remove_reference_t<Operation>> && requires {
  typename boost::asio::completion_signature_of_t<Operation&, RequestScope&>;
};

/// The two above, the signature taken from the operation.
template <AsyncOperation Operation, typename OnResult, typename CompletionToken>
auto async_observe(CallSource source, std::string_view provider, std::string_view model,
                   Operation&& operation, OnResult&& on_result, CompletionToken&& token) {
  using Signature = boost::asio::completion_signature_of_t<Operation&, RequestScope&>;
  return async_observe<Signature>(
      std::move(source), provider, model, std::forward<Operation>(operation),
      std::forward<OnResult>(on_result), std::forward<CompletionToken>(token));
}
template <AsyncOperation Operation, typename CompletionToken>
auto async_observe(CallSource source, std::string_view provider, std::string_view model,
                   Operation&& operation, CompletionToken&& token) {
  return async_observe(std::move(source), provider, model, std::forward<Operation>(operation),
                       detail::async::NoHook{}, std::forward<CompletionToken>(token));
}

/// Watches a coroutine: `operation(scope)` returns an awaitable<T>; so does this. It begins when it
/// is awaited; a throw is classified as above, recorded once and rethrown unchanged. Read usage in
/// the coroutine itself. A coroutine destroyed before its end counts as cancelled.
template <typename Operation>
requires std::invocable < std::decay_t<Operation>
&, RequestScope& > auto co_observe(CallSource source, std::string_view provider,
                                   std::string_view model, Operation&& operation) {
  using Awaitable = std::invoke_result_t<std::decay_t<Operation>&, RequestScope&>;
  using Value = typename detail::async::AwaitableValue<Awaitable>::type;
  return detail::async::co_observe<Value, std::decay_t<Operation>>(
      std::move(source), std::string(provider), std::string(model),
      std::forward<Operation>(operation));
}

}  // namespace ltb

namespace boost::asio {

template <template <typename, typename> class Associator, typename Handler, typename OnResult,
          typename Default>
struct associator<Associator, ltb::detail::async::ObservedHandler<Handler, OnResult>, Default>
    : Associator<Handler, Default> {
  using Observed = ltb::detail::async::ObservedHandler<Handler, OnResult>;

  static typename Associator<Handler, Default>::type get(const Observed& observed) noexcept {
    return Associator<Handler, Default>::get(observed.handler);
  }
  static auto get(const Observed& observed, const Default& fallback) noexcept
      -> decltype(Associator<Handler, Default>::get(observed.handler, fallback)) {
    return Associator<Handler, Default>::get(observed.handler, fallback);
  }
};

}  // namespace boost::asio
