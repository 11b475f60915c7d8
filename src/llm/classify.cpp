#include "llm/classify.hpp"

#include <ltb/llm_reply.hpp>

#include <boost/system/system_error.hpp>

#include <filesystem>
#include <ios>
#include <system_error>
#include <utility>

namespace ltb::llm {

ClassifiedError classify(const std::exception_ptr& error) {
  if (!error) return {ErrorType::Other, "no exception"};
  try {
    std::rethrow_exception(error);
  } catch (const ProviderError& e) {
    return {e.type(), e.what(), e.code(), e.failed_attempts(), e.rate_limits()};
  } catch (const boost::system::system_error& e) {  // does not derive from std::system_error
    CallError read = to_call_error(static_cast<std::error_code>(e.code()));
    return {e.code() ? read.type : ErrorType::Network, e.what(), std::move(read.code)};
  } catch (const std::filesystem::filesystem_error& e) {
    return {ErrorType::Other, e.what(), to_call_error(e.code()).code};
  } catch (const std::ios_base::failure& e) {
    return {ErrorType::Other, e.what(), to_call_error(e.code()).code};
  } catch (const std::system_error& e) {
    if (!e.code()) return {ErrorType::Network, e.what()};
    CallError read = to_call_error(e.code());
    return {read.type, e.what(), std::move(read.code)};
  } catch (const std::exception& e) {
    return {ErrorType::Other, e.what()};
  } catch (...) {
    return {ErrorType::Other, "an exception that is not a std::exception"};
  }
}

}  // namespace ltb::llm
