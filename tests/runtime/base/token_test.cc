#include "runtime/base/token.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "runtime/base/check.h"
#include "runtime/base/files.h"
#include "tests/support/temp_folder.h"

namespace batchscope {
namespace {

using testing::HasSubstr;

const std::string kShortest(kLeastToken, 'a');

class TokenFile : public testing::Test {
 protected:
  /// What reading it says when the file holds `text`.
  Result<std::string> Read(const std::string& text, unsigned mode = 0600) {
    Check(WriteFileAtomically(file_, text, mode).ok(), "no file");
    Check(::chmod(file_.c_str(), mode) == 0, "chmod");
    return ReadToken(file_);
  }

  TempFolder temp_;
  std::filesystem::path file_ = temp_.path() / "token";
};

TEST(Token, IsAnotherOneEachTime) {
  const std::string token = MakeToken().value();
  EXPECT_THAT(token, testing::MatchesRegex("[0-9a-f]+"));
  EXPECT_EQ(token.size(), 64U);
  EXPECT_NE(MakeToken().value(), token);
}

TEST(Token, IsTheSameOnlyWhenAllOfItIs) {
  EXPECT_TRUE(IsSameToken("abc", "abc"));
  for (const char* shown : {"", "ab", "abcd", "xbc", "axc", "abx"}) EXPECT_FALSE(IsSameToken("abc", shown)) << shown;
  // Differences that would cancel each other out.
  EXPECT_FALSE(IsSameToken("ab", "ba"));
}

TEST_F(TokenFile, IsReadWithoutTheWhiteSpaceAroundIt) {
  EXPECT_EQ(Read(" " + kShortest + "\r\n").value(), kShortest);
  EXPECT_EQ(Read(kShortest, 0400).value(), kShortest);
}

TEST_F(TokenFile, IsRefusedWhenTheTokenCouldBeGuessed) {
  EXPECT_EQ(Read(kShortest.substr(1) + "\n").message(),
            "the token " + file_.string() + " has 31 characters, expected at least 32: openssl rand -hex 32");
  EXPECT_THAT(Read("").message(), HasSubstr("has 0 characters"));
  EXPECT_THAT(Read(" \n").message(), HasSubstr("has 0 characters"));
}

TEST_F(TokenFile, IsRefusedWhenOthersMayReadIt) {
  for (const unsigned mode : {0640U, 0604U, 0620U}) {
    EXPECT_THAT(Read(kShortest, mode).message(), HasSubstr("which lets others read it; expected 0600")) << mode;
  }
}

TEST_F(TokenFile, IsRefusedWhenItIsAnotherUsers) {
  // Only root can give files away; for anybody else there is root's own.
  if (::geteuid() != 0) {
    EXPECT_THAT(ReadToken("/etc/passwd").message(), HasSubstr("belongs to user 0"));
    return;
  }
  ASSERT_TRUE(Read(kShortest).ok());
  ASSERT_EQ(::chown(file_.c_str(), 65534, 65534), 0);
  EXPECT_THAT(ReadToken(file_).message(), HasSubstr("belongs to user 65534, expected 0"));
}

TEST_F(TokenFile, IsRefusedWhenItIsNoFile) {
  EXPECT_THAT(ReadToken(temp_.path()).message(), HasSubstr("is no file"));
  EXPECT_THAT(ReadToken(temp_.path() / "none").message(), HasSubstr("cannot open "));
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  EXPECT_THAT(ReadToken(file_).message(), HasSubstr("is no file"));
  EXPECT_THAT(Read(std::string(4097, 'a')).message(), HasSubstr("has 4097 bytes, expected at most 4096"));
}

}  // namespace
}  // namespace batchscope
