// Which error category an exception stands for.
#include "provider/recorder.hpp"

#include <system_error>

namespace ltb::detail {

ClassifiedError classify(const std::exception_ptr& error) {
  if (!error) return {ErrorType::Other, "no exception", {}, {}};
  try {
    std::rethrow_exception(error);
  } catch (const ProviderError& e) {
    return {e.type(), e.what(), e.code(), e.failed_attempts()};
  } catch (const std::system_error& e) {
    ErrorType type = ErrorType::Network;
    if (e.code() == std::errc::timed_out) type = ErrorType::Timeout;
    if (e.code() == std::errc::operation_canceled) type = ErrorType::Cancelled;
    return {type, e.what(), {}, {}};
  } catch (const std::exception& e) {
    return {ErrorType::Other, e.what(), {}, {}};
  } catch (...) {
    return {ErrorType::Other, "an exception that is not a std::exception", {}, {}};
  }
}

}  // namespace ltb::detail
