"""CodeCommit: where branches point. What `tick` finds of a lost push rests on it."""

import subprocess

import pytest
from errors import refused

# moto has repositories and no branches; ministack has no CodeCommit.
pytestmark = [pytest.mark.left_out("moto", "knows no branches"), pytest.mark.left_out("ministack", "has no CodeCommit")]


@pytest.fixture
def codecommit(peer):
    return peer.client("codecommit")


@pytest.fixture
def pushed(peer, tmp_path):
    """Pushes a commit to these branches, and returns its id."""
    remote = peer.facts["git_remote"]

    def git(*arguments: str) -> str:
        own = ["-c", "user.name=contract", "-c", "user.email=contract@example.com"]
        done = subprocess.run(["git", *own, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def push(*branches: str) -> str:
        git("init", "--quiet", ".")
        git("commit", "--quiet", "--allow-empty", "--message", f"for {branches}")
        git("push", "--quiet", "--force", remote, *[f"HEAD:refs/heads/{branch}" for branch in branches])
        return git("rev-parse", "HEAD")

    return push


def test_a_branch_tells_its_newest_commit(codecommit, pushed):
    commit = pushed("contract/one")
    branch = codecommit.get_branch(repositoryName="rain", branchName="contract/one")["branch"]
    assert (branch["branchName"], branch["commitId"]) == ("contract/one", commit)


def test_branches_are_listed(codecommit, pushed):
    pushed("contract/two", "contract/three")
    listed = codecommit.list_branches(repositoryName="rain")["branches"]
    assert {"contract/two", "contract/three"} <= set(listed)


def test_what_is_not_there_is_refused(codecommit, pushed):
    pushed("contract/four")
    with refused(400, "BranchDoesNotExistException"):
        codecommit.get_branch(repositoryName="rain", branchName="contract/never")
    for call in (lambda: codecommit.list_branches(repositoryName="never"),
                 lambda: codecommit.get_branch(repositoryName="never", branchName="main")):
        with refused(400, "RepositoryDoesNotExistException"):
            call()
