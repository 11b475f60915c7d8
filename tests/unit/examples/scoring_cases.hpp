// Cases of scoring: an answer and what is accepted.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>

#include "scoring.hpp"

namespace llm_benchmark {

struct Case {
  const char* answer;
  const char* accepted;
};

inline void expect_right(std::initializer_list<Case> cases) {
  for (const Case& one : cases) {
    EXPECT_TRUE(is_right(one.answer, {one.accepted})) << one.answer << " for " << one.accepted;
  }
}

inline void expect_wrong(std::initializer_list<Case> cases) {
  for (const Case& one : cases) {
    EXPECT_FALSE(is_right(one.answer, {one.accepted})) << one.answer << " for " << one.accepted;
  }
}

}  // namespace llm_benchmark
