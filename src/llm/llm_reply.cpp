// Puts a reply into the record of its call, and classifies system errors.
#include <ltb/llm_reply.hpp>

#include <algorithm>
#include <cerrno>
#include <ios>
#include <string>
#include <utility>

namespace ltb {
namespace {

/// Errors of files and of the machine in the categories that sockets use too: the provider had no
/// part in them.
bool is_local(const std::error_code& error) noexcept {
  if (error.category() == std::iostream_category()) return true;
  if (error.category() != std::generic_category() && error.category() != std::system_category())
    return false;
  constexpr int kLocal[] = {EACCES,       EEXIST, EFBIG,  EISDIR, ELOOP,  EMFILE,
                            ENAMETOOLONG, ENFILE, ENOENT, ENOMEM, ENOSPC, ENOTDIR,
                            ENOTEMPTY,    EPERM,  EROFS,  EXDEV};
  return std::find(std::begin(kLocal), std::end(kLocal), error.value()) != std::end(kLocal);
}

}  // namespace

CallError to_call_error(const std::error_code& error) {
  if (!error) return {};
  const std::string_view category = error.category().name();
  ErrorType type = is_local(error) ? ErrorType::Other : ErrorType::Network;
  if (error == std::errc::timed_out) type = ErrorType::Timeout;
  if (error == std::errc::operation_canceled) type = ErrorType::Cancelled;
  // Beast's codes, known by name so that the library need not be built with the caller's Beast.
  if (category == "boost.beast" && error.value() == 1) type = ErrorType::Timeout;
  // The first two of this category are a stream that ended early.
  if (category == "beast.http" && error.value() > 2) type = ErrorType::Parse;
  return {type, error.message(), std::string(category) + ':' + std::to_string(error.value())};
}

void apply(RequestScope& scope, const LlmReply& reply) noexcept {
  if (reply.usage) scope.set_usage(*reply.usage);
  if (reply.cost) scope.set_cost(*reply.cost);
  if (!reply.finish_reason.empty()) scope.set_finish_reason(reply.finish_reason);
  if (reply.rate_limits) scope.set_rate_limits(*reply.rate_limits);
  if (reply.error) scope.fail(reply.error->type, reply.error->message, reply.error->code);
}

namespace detail {

void merge_reply(LlmReply& whole, LlmReply&& part) {
  if (part.usage) whole.usage = part.usage;
  if (part.cost) whole.cost = part.cost;
  if (!part.model.empty()) whole.model = std::move(part.model);
  if (!part.finish_reason.empty()) whole.finish_reason = std::move(part.finish_reason);
  if (!part.request_id.empty()) whole.request_id = std::move(part.request_id);
  if (part.error) whole.error = std::move(part.error);
  if (part.retry_after) whole.retry_after = part.retry_after;
  if (part.rate_limits) whole.rate_limits = part.rate_limits;
}

}  // namespace detail
}  // namespace ltb
