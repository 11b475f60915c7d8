// Finds the members of usual names in a client's own types. For DefaultMonitoredTraits; not to be
// used by itself.
#pragma once

#include <ltb/error_type.hpp>
#include <ltb/export.hpp>
#include <ltb/llm_reply.hpp>
#include <ltb/usage.hpp>

#include <concepts>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

namespace ltb::detail::watch {

// Reads a data member, or calls a member function without arguments, of one name.
#define LTB_DETAIL_FIELD(Field, name)                 \
  struct Field {                                      \
    template <typename T>                             \
    static constexpr bool in = requires(const T& t) { \
      t.name();                                       \
    }                                                 \
    || requires(const T& t) { (t.name); };            \
    template <typename T>                             \
    static decltype(auto) of(const T& t) {            \
      if constexpr (requires { t.name(); }) {         \
        return t.name();                              \
      } else {                                        \
        return (t.name);                              \
      }                                               \
    }                                                 \
  }
LTB_DETAIL_FIELD(Name, name);
LTB_DETAIL_FIELD(ProviderName, provider_name);
LTB_DETAIL_FIELD(KProviderName, kProviderName);
LTB_DETAIL_FIELD(Model, model);
LTB_DETAIL_FIELD(ModelName, model_name);
LTB_DETAIL_FIELD(Usage, usage);
LTB_DETAIL_FIELD(InputTokens, input_tokens);
LTB_DETAIL_FIELD(PromptTokens, prompt_tokens);
LTB_DETAIL_FIELD(OutputTokens, output_tokens);
LTB_DETAIL_FIELD(CompletionTokens, completion_tokens);
LTB_DETAIL_FIELD(CachedTokens, cached_tokens);
LTB_DETAIL_FIELD(CacheReadInputTokens, cache_read_input_tokens);
LTB_DETAIL_FIELD(CacheCreationInputTokens, cache_creation_input_tokens);
LTB_DETAIL_FIELD(CacheCreation, cache_creation);
LTB_DETAIL_FIELD(Ephemeral1h, ephemeral_1h_input_tokens);
LTB_DETAIL_FIELD(CacheWrittenTokens, cache_written_tokens);
LTB_DETAIL_FIELD(CacheWritten1hTokens, cache_written_1h_tokens);
LTB_DETAIL_FIELD(ReasoningTokens, reasoning_tokens);
LTB_DETAIL_FIELD(PromptTokensDetails, prompt_tokens_details);
LTB_DETAIL_FIELD(InputTokensDetails, input_tokens_details);
LTB_DETAIL_FIELD(CompletionTokensDetails, completion_tokens_details);
LTB_DETAIL_FIELD(OutputTokensDetails, output_tokens_details);
LTB_DETAIL_FIELD(Cost, cost);
LTB_DETAIL_FIELD(CostUsd, cost_usd);
LTB_DETAIL_FIELD(FinishReason, finish_reason);
LTB_DETAIL_FIELD(StopReason, stop_reason);
LTB_DETAIL_FIELD(Limits, rate_limits);
LTB_DETAIL_FIELD(FailedAttempts, failed_attempts);
LTB_DETAIL_FIELD(ScheduledAt, scheduled_at);
LTB_DETAIL_FIELD(HasContent, has_content);
LTB_DETAIL_FIELD(Text, text);
LTB_DETAIL_FIELD(Content, content);
LTB_DETAIL_FIELD(Delta, delta);
LTB_DETAIL_FIELD(ReasoningContent, reasoning_content);
LTB_DETAIL_FIELD(Reasoning, reasoning);
LTB_DETAIL_FIELD(Thinking, thinking);
LTB_DETAIL_FIELD(ToolCalls, tool_calls);
LTB_DETAIL_FIELD(Error, error);
LTB_DETAIL_FIELD(Type, type);
LTB_DETAIL_FIELD(Code, code);
LTB_DETAIL_FIELD(Status, status);
LTB_DETAIL_FIELD(HttpStatus, http_status);
LTB_DETAIL_FIELD(Message, message);
#undef LTB_DETAIL_FIELD

template <typename T>
concept TextLike = std::convertible_to<const T&, std::string_view>;

/// The content of optionals and smart pointers, or null.
template <typename T>
concept Holder = !TextLike<T> && requires(const T& t) {
  static_cast<bool>(t);
  requires std::is_lvalue_reference_v<decltype(*t)>;
};
template <typename T>
const auto* content_of(const T& value) noexcept {
  if constexpr (Holder<T>) {
    return static_cast<bool>(value) ? std::addressof(*value) : nullptr;
  } else {
    return std::addressof(value);
  }
}

struct NoPayload {};

/// std::expected and its kin.
template <typename T>
concept ExpectedLike = requires(const T& t) {
  { t.has_value() } -> std::convertible_to<bool>;
  t.error();
};

/// What the client meant to return: the content of a result, or null when it is empty.
template <typename T>
decltype(auto) payload_of(const T& result) {
  if constexpr (ExpectedLike<T> && !Holder<T>) {
    if constexpr (requires { requires std::is_lvalue_reference_v<decltype(result.value())>; }) {
      return result.has_value() ? std::addressof(result.value()) : nullptr;
    } else {
      return static_cast<const NoPayload*>(nullptr);
    }
  } else {
    return content_of(result);
  }
}

/// A view of text that lives elsewhere; a copy of text that was made for us.
template <typename T>
auto as_text(T&& value) {
  if constexpr (std::is_pointer_v<std::remove_cvref_t<T>>) {
    return value == nullptr ? std::string_view() : std::string_view(value);
  } else if constexpr (std::is_lvalue_reference_v<T> ||
                       std::same_as<std::remove_cvref_t<T>, std::string_view>) {
    return std::string_view(value);
  } else {
    return std::string(std::string_view(value));
  }
}

/// The first of these fields that is there and is text; empty otherwise.
template <typename... Fields, typename T>
std::string text_in(const T& from) {
  std::string text;
  const auto take = [&]<typename Field>(Field) {
    if constexpr (Field::template in<T>) {
      decltype(auto) field = Field::of(from);
      const auto* value = content_of(field);
      if (value == nullptr) return false;
      if constexpr (TextLike<std::remove_cvref_t<decltype(*value)>>) {
        text = as_text(*value);
        return true;
      }
    }
    return false;
  };
  (void)(take(Fields{}) || ...);
  return text;
}

/// A number of the caller's as `To`. Negative is a common spelling of "not known"; a count that no
/// integer can hold is not one.
template <typename To, typename From>
std::optional<To> to_number(From value) noexcept {
  if constexpr (std::is_integral_v<To>) {
    constexpr double kMost = 9007199254740992.0;  // 2^53
    if constexpr (std::is_floating_point_v<From>) {
      if (!(value >= 0 && value <= static_cast<From>(kMost))) return std::nullopt;
    } else if constexpr (std::is_signed_v<From>) {
      if (value < 0) return std::nullopt;
    }
  }
  return static_cast<To>(value);
}

/// The first of these fields that is there and is a number that `To` can hold.
template <typename To, typename... Fields, typename T>
std::optional<To> number_in(const T& from) {
  std::optional<To> number;
  const auto take = [&]<typename Field>(Field) {
    if constexpr (Field::template in<T>) {
      decltype(auto) field = Field::of(from);
      const auto* value = content_of(field);
      if constexpr (std::is_arithmetic_v<std::remove_cvref_t<decltype(*value)>>) {
        if (value != nullptr) number = to_number<To>(*value);
      }
    }
    return number.has_value();
  };
  (void)(take(Fields{}) || ...);
  return number;
}

/// The count `Part` in a field `Whole` that holds a struct.
template <typename Part, typename Whole, typename T>
void take_part(std::optional<std::uint64_t>& count, const T& from) {
  if constexpr (Whole::template in<T>) {
    decltype(auto) held = Whole::of(from);
    if (const auto* details = content_of(held)) {
      if (const auto found = number_in<std::uint64_t, Part>(*details)) count = found;
    }
  }
}

template <typename T>
std::optional<TokenUsage> tokens_in(const T& from) {
  using Count = std::uint64_t;
  if constexpr (std::same_as<T, TokenUsage>) return from;
  const auto input = number_in<Count, InputTokens, PromptTokens>(from);
  const auto output = number_in<Count, OutputTokens, CompletionTokens>(from);
  if (!input || !output) return std::nullopt;
  TokenUsage usage{.input_tokens = *input, .output_tokens = *output};
  usage.cached_tokens = number_in<Count, CachedTokens>(from);
  usage.reasoning_tokens = number_in<Count, ReasoningTokens>(from);
  usage.cache_written_tokens = number_in<Count, CacheWrittenTokens>(from);
  usage.cache_written_1h_tokens = number_in<Count, CacheWritten1hTokens>(from);
  take_part<CachedTokens, PromptTokensDetails>(usage.cached_tokens, from);
  take_part<CachedTokens, InputTokensDetails>(usage.cached_tokens, from);
  take_part<ReasoningTokens, CompletionTokensDetails>(usage.reasoning_tokens, from);
  take_part<ReasoningTokens, OutputTokensDetails>(usage.reasoning_tokens, from);
  take_part<Ephemeral1h, CacheCreation>(usage.cache_written_1h_tokens, from);
  // Anthropic's names come with Anthropic's rule: the input leaves the cache out.
  const auto read = number_in<Count, CacheReadInputTokens>(from);
  if (read) usage.cached_tokens = read;
  const auto written = number_in<Count, CacheCreationInputTokens>(from);
  if (written) usage.cache_written_tokens = written;
  usage.input_tokens += read.value_or(0) + written.value_or(0);
  // Every prompt has a token: members that were never set are not a count.
  if (usage.input_tokens == 0 && usage.output_tokens == 0) return std::nullopt;
  return usage;
}

/// Whether a piece of a stream, or a member of one, holds something: text or a list that is not
/// empty, a struct with such a member. What is neither is taken for content.
template <typename T>
bool holds_content(const T& value);

template <typename... Fields, typename T>
bool any_holds_content(const T& from) {
  const auto holds = [&]<typename Field>(Field) {
    if constexpr (Field::template in<T>) {
      decltype(auto) field = Field::of(from);
      const auto* value = content_of(field);
      return value != nullptr && holds_content(*value);
    } else {
      return false;
    }
  };
  return (holds(Fields{}) || ...);
}

template <typename T>
bool holds_content(const T& value) {
  if constexpr (TextLike<T>) {
    return !std::string_view(as_text(value)).empty();
  } else if constexpr (requires {
                         { value.empty() } -> std::convertible_to<bool>;
                       }) {
    return !value.empty();
  } else if constexpr (Text::in<T> || Content::in<T> || Delta::in<T> || ReasoningContent::in<T> ||
                       Reasoning::in<T> || Thinking::in<T> || ToolCalls::in<T>) {
    return any_holds_content<Text, Content, Delta, ReasoningContent, Reasoning, Thinking,
                             ToolCalls>(value);
  } else {
    return true;
  }
}

/// Whether all that a piece holds is reasoning.
template <typename T>
bool holds_only_reasoning(const T& value) {
  if (any_holds_content<Text, Content, ToolCalls>(value)) return false;
  if constexpr (Delta::in<T>) {
    decltype(auto) field = Delta::of(value);
    if (const auto* delta = content_of(field); delta != nullptr && holds_content(*delta))
      return holds_only_reasoning(*delta);
  }
  return any_holds_content<ReasoningContent, Reasoning, Thinking>(value);
}

/// An error value of a usual kind.
template <typename E>
inline constexpr bool is_known_error =
    std::same_as<E, CallError> || std::same_as<E, ErrorType> ||
    std::same_as<E, std::exception_ptr> || std::convertible_to<const E&, std::error_code> ||
    std::derived_from<E, std::exception> || TextLike<E> || Message::in<E>;

[[nodiscard]] LTB_MONITORING_EXPORT CallError to_call_error(const std::exception_ptr& error);

template <typename E>
CallError to_call_error(const E& error) {
  if constexpr (std::same_as<E, CallError>) {
    return error;
  } else if constexpr (std::same_as<E, ErrorType>) {
    return {error, {}, {}};
  } else if constexpr (std::convertible_to<const E&, std::error_code>) {
    return ltb::to_call_error(static_cast<const std::error_code&>(error));
  } else if constexpr (std::derived_from<E, std::exception>) {
    return to_call_error(std::make_exception_ptr(error));  // as if it had been thrown
  } else if constexpr (TextLike<E>) {
    return {ErrorType::Other, std::string(as_text(error)), {}};
  } else {
    // A struct of the caller's: an HTTP status and a code are enough to classify.
    CallError made{ErrorType::Other, text_in<Message>(error), text_in<Code, Type>(error)};
    const auto status = number_in<int, HttpStatus, Status, Code>(error);
    made.type = classify_http_error(status.value_or(0), made.code);
    if constexpr (Type::in<E>) {
      decltype(auto) type = Type::of(error);
      if constexpr (std::same_as<std::remove_cvref_t<decltype(type)>, ErrorType>) made.type = type;
    }
    return made;
  }
}

}  // namespace ltb::detail::watch
