// Answers and streams read in tests without a network.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "dialect.hpp"

namespace llm_benchmark {

/// A whole 200 answer, read.
inline ltb::CompletionResponse answer_of(const Dialect& dialect, const std::string& body,
                                         const HttpHeaders& headers = {}) {
  return read_answer(dialect, {.status = 200, .headers = headers, .body = body});
}

/// What was thrown.
struct Failed {
  ltb::ErrorType type = ltb::ErrorType::Other;
  std::string code{};
  std::string message = "nothing was thrown";
  std::optional<std::chrono::milliseconds> retry_after{};
};

inline Failed failure_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const ltb::ProviderError& error) {
    return {error.type(), error.code(), error.what(), error.retry_after()};
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

/// The error of an answer, 200 or not.
inline Failed failure_of_answer(const Dialect& dialect, int status, const std::string& body,
                                const HttpHeaders& headers = {}) {
  const HttpReply reply{.status = status, .headers = headers, .body = body};
  return failure_of([&] {
    if (status == 200) (void)read_answer(dialect, reply);
    throw error_from_reply(dialect, reply, "http://h/v1");
  });
}

/// What a stream of these events came to.
struct ReadStream {
  std::vector<std::string> pieces{};  ///< "text:...", "reasoning:...", "tool".
  bool is_over = false;
  bool is_finished = false;
  ltb::CompletionResponse response{};
};

inline ReadStream read_stream(const Dialect& dialect, const std::vector<std::string>& events) {
  ReadStream read;
  const auto stream = dialect.make_stream();
  for (const std::string& data : events) {
    EXPECT_TRUE(stream->take({.data = data}, [&read](const ltb::StreamChunk& chunk) {
      if (!chunk.text.empty()) read.pieces.push_back("text:" + std::string(chunk.text));
      if (!chunk.reasoning.empty()) {
        read.pieces.push_back("reasoning:" + std::string(chunk.reasoning));
      }
      if (chunk.tool_call) read.pieces.emplace_back("tool");
      return true;
    }));
  }
  read.is_over = stream->is_over();
  read.is_finished = stream->is_finished();
  read.response = stream->response({});
  return read;
}

inline Failed failure_of_stream(const Dialect& dialect, const std::vector<std::string>& events) {
  return failure_of([&] { (void)read_stream(dialect, events); });
}

}  // namespace llm_benchmark
